//! Gzip, zlib and raw deflate (RFC 1952, 1950, 1951), whichever it is: servers mix them up, and browsers cope.

use super::coding::{PIECE, Sink};
use super::gzip::{Header, Read};
use flate2::{Decompress, FlushDecompress, Status};

/// Bytes that are kept for another try, at most.
const MOST_KEPT: usize = 1 << 16;
#[derive(Clone, Copy, Debug)]
enum Form {
    Gzip,
    Raw,
    Zlib,
}

#[derive(Debug)]
enum State {
    /// It goes on; with what is before the data in gzip.
    Running(Option<Header>, Decompress),
    /// It is none of the forms: as it is.
    Plain,
    /// Nothing more comes of it.
    Ended,
}

impl Form {
    fn start(self) -> State {
        let header = matches!(self, Self::Gzip).then(Header::default);
        State::Running(header, Decompress::new(matches!(self, Self::Zlib)))
    }
}

/// How a run over some bytes ended.
enum Run {
    More,
    Ended,
    Failed,
    Unwanted,
}

/// A layer that is inflated.
#[derive(Debug)]
pub(super) struct Inflate {
    state: State,
    /// What else to try, from the last one on.
    others: Vec<Form>,
    /// All bytes so far, as long as nothing came out.
    kept: Vec<u8>,
    is_silent: bool,
}

impl Inflate {
    /// What should be gzip.
    pub fn gzip() -> Self {
        Self::new(Form::Gzip, vec![Form::Zlib, Form::Raw])
    }

    /// What should be deflate: which is to say zlib, though some mean raw deflate.
    pub fn deflate() -> Self {
        Self::new(Form::Raw, vec![Form::Gzip, Form::Zlib])
    }

    fn new(form: Form, others: Vec<Form>) -> Self {
        Self { state: form.start(), others, kept: Vec::new(), is_silent: true }
    }

    /// The next bytes.
    pub fn unpack(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> bool {
        let run = match &mut self.state {
            State::Ended => return true,
            State::Plain => return sink(bytes),
            State::Running(header, inflater) => match header.as_mut().map_or(Read::Data(bytes), |it| it.read(bytes)) {
                Read::Data(data) => run(inflater, data, &mut self.is_silent, sink),
                Read::Wrong => Run::Failed,
            },
        };
        if self.is_silent && self.kept.len() + bytes.len() <= MOST_KEPT {
            self.kept.extend_from_slice(bytes);
        } else {
            self.kept = Vec::new();
            self.others.clear();
        }
        match run {
            Run::More => true,
            Run::Unwanted => false,
            Run::Ended if !self.is_silent => self.end(),
            Run::Ended | Run::Failed if self.is_silent => self.other(sink),
            Run::Ended | Run::Failed => self.end(),
        }
    }

    /// No more comes: what could be nothing else is given as it is.
    pub fn finish(&mut self, sink: &mut Sink<'_>) -> bool {
        match self.state {
            State::Running(..) if self.is_silent => self.plain(sink),
            _ => true,
        }
    }

    /// It is given as it is.
    pub fn is_plain(&self) -> bool {
        matches!(self.state, State::Plain)
    }

    fn end(&mut self) -> bool {
        self.state = State::Ended;
        true
    }

    /// Another form, from the beginning.
    fn other(&mut self, sink: &mut Sink<'_>) -> bool {
        let Some(form) = self.others.pop() else { return self.plain(sink) };
        self.state = form.start();
        let kept = std::mem::take(&mut self.kept);
        self.unpack(&kept, sink)
    }

    fn plain(&mut self, sink: &mut Sink<'_>) -> bool {
        self.state = State::Plain;
        let kept = std::mem::take(&mut self.kept);
        kept.is_empty() || sink(&kept)
    }
}

fn run(inflater: &mut Decompress, mut bytes: &[u8], is_silent: &mut bool, sink: &mut Sink<'_>) -> Run {
    let (mut room, mut filled) = ([0; PIECE], 0);
    loop {
        let (taken, given) = (inflater.total_in(), inflater.total_out());
        let done = inflater.decompress(bytes, room.get_mut(filled..).unwrap_or_default(), FlushDecompress::None);
        let taken = (inflater.total_in() - taken) as usize;
        filled += (inflater.total_out() - given) as usize;
        bytes = bytes.get(taken..).unwrap_or_default();
        let is_full = filled == room.len();
        let goes_on = matches!(done, Ok(Status::Ok | Status::BufError)) && (is_full || taken > 0 && !bytes.is_empty());
        // What comes out before the first bytes turn out to be wrong is nothing.
        let is_wrong = done.is_err() && *is_silent;
        if filled > 0 && !is_wrong && (is_full || !goes_on) {
            *is_silent = false;
            if !sink(room.get(..filled).unwrap_or_default()) {
                return Run::Unwanted;
            }
            filled = 0;
        }
        match done {
            Err(_) => return Run::Failed,
            Ok(Status::StreamEnd) => return Run::Ended,
            Ok(_) if !goes_on => return Run::More,
            Ok(_) => (),
        }
    }
}
