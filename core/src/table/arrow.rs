//! Columns that grow by a row and leave as an Arrow record batch.

use crate::error::{Error, Fault, Result};
use crate::frame::Addr;
use crate::time::Nanos;
use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, FixedSizeBinaryBuilder, ListBuilder, PrimitiveBuilder, StringBuilder,
    TimestampNanosecondBuilder,
};
use arrow_array::types::{ArrowPrimitiveType, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::collections::HashMap;
use std::sync::Arc;

/// Version of the tables' columns, in the schema's metadata under `tmrx.schema`.
pub const SCHEMA_VERSION: u32 = 1;

const ADDRESS_BYTES: i32 = 16;
const UTC: &str = "UTC";

/// One column.
pub trait Column: Default {
    /// What it is in Arrow.
    fn data_type() -> DataType;
    /// Its rows; it is empty after that.
    fn finish(&mut self) -> ArrayRef;
}

/// Numbers of a width.
pub type Numbers<T> = PrimitiveBuilder<T>;
/// 64-bit unsigned numbers.
pub type U64 = Numbers<UInt64Type>;
/// 32-bit unsigned numbers.
pub type U32 = Numbers<UInt32Type>;
/// 16-bit unsigned numbers.
pub type U16 = Numbers<UInt16Type>;
/// 8-bit unsigned numbers.
pub type U8 = Numbers<UInt8Type>;
/// 64-bit signed numbers.
pub type I64 = Numbers<Int64Type>;
/// Truth values.
pub type Flag = BooleanBuilder;
/// Strings.
pub type Text = StringBuilder;
/// Lists of strings.
pub type Texts = ListBuilder<StringBuilder>;
/// Lists of 16-bit unsigned numbers.
pub type Lists = ListBuilder<U16>;

impl<T: ArrowPrimitiveType> Column for Numbers<T> {
    fn data_type() -> DataType {
        T::DATA_TYPE
    }
    fn finish(&mut self) -> ArrayRef {
        ArrayBuilder::finish(self)
    }
}

impl Column for Flag {
    fn data_type() -> DataType {
        DataType::Boolean
    }
    fn finish(&mut self) -> ArrayRef {
        ArrayBuilder::finish(self)
    }
}

impl Column for Text {
    fn data_type() -> DataType {
        DataType::Utf8
    }
    fn finish(&mut self) -> ArrayRef {
        ArrayBuilder::finish(self)
    }
}

impl<B: ArrayBuilder + Column> Column for ListBuilder<B> {
    fn data_type() -> DataType {
        DataType::List(Arc::new(Field::new_list_field(B::data_type(), true)))
    }
    fn finish(&mut self) -> ArrayRef {
        ArrayBuilder::finish(self)
    }
}

/// Times, in nanoseconds UTC.
#[derive(Debug)]
pub struct Time(TimestampNanosecondBuilder);

impl Default for Time {
    fn default() -> Self {
        Self(TimestampNanosecondBuilder::new().with_timezone(UTC))
    }
}

impl Time {
    /// Add a row.
    #[inline]
    pub fn append_value(&mut self, time: Nanos) {
        self.0.append_value(time);
    }
}

impl Column for Time {
    fn data_type() -> DataType {
        DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into()))
    }
    fn finish(&mut self) -> ArrayRef {
        ArrayBuilder::finish(&mut self.0)
    }
}

/// Addresses of 16 bytes, IPv4 in its mapped form.
#[derive(Debug)]
pub struct Address(FixedSizeBinaryBuilder);

impl Default for Address {
    fn default() -> Self {
        Self(FixedSizeBinaryBuilder::new(ADDRESS_BYTES))
    }
}

impl Address {
    /// Add a row.
    #[inline]
    pub fn append_option(&mut self, address: Option<Addr>) {
        // The one error is another size; such a row is null.
        if address.is_none_or(|address| self.0.append_value(address.0).is_err()) {
            self.0.append_null();
        }
    }
}

impl Column for Address {
    fn data_type() -> DataType {
        DataType::FixedSizeBinary(ADDRESS_BYTES)
    }
    fn finish(&mut self) -> ArrayRef {
        ArrayBuilder::finish(&mut self.0)
    }
}

/// A table's schema, with its version.
pub fn schema(fields: Vec<Field>) -> SchemaRef {
    let metadata = HashMap::from([("tmrx.schema".to_owned(), SCHEMA_VERSION.to_string())]);
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// A record batch from its columns.
///
/// # Errors
/// `Error::Internal` where the columns do not fit the schema.
pub fn batch(table: &'static str, schema: &SchemaRef, columns: Vec<ArrayRef>) -> Result<RecordBatch> {
    RecordBatch::try_new(Arc::clone(schema), columns)
        .map_err(|error| Error::Internal(Fault::new(format!("table {table}"), error.to_string(), "please report this")))
}

/// A table's struct: its columns in order, with `null` after those that may be null.
macro_rules! columns {
    ($(#[$doc:meta])* $table:ident $name:literal { $($field:ident: $kind:ty $(, $null:ident)?;)* }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $table {
            schema: arrow_schema::SchemaRef,
            rows: usize,
            $($field: $kind,)*
        }

        impl Default for $table {
            fn default() -> Self {
                let fields = vec![$(arrow_schema::Field::new(
                    stringify!($field),
                    <$kind as $crate::table::arrow::Column>::data_type(),
                    columns!(@nullable $($null)?),
                )),*];
                Self { schema: $crate::table::arrow::schema(fields), rows: 0, $($field: <$kind>::default(),)* }
            }
        }

        impl $table {
            /// Rows since the last `finish`.
            pub fn len(&self) -> usize {
                self.rows
            }

            /// Whether there are none.
            pub fn is_empty(&self) -> bool {
                self.rows == 0
            }

            /// The rows so far; the table is empty after that.
            ///
            /// # Errors
            /// `Error::Internal` where the columns are not of one length.
            pub fn finish(&mut self) -> $crate::error::Result<arrow_array::RecordBatch> {
                self.rows = 0;
                let columns = vec![$($crate::table::arrow::Column::finish(&mut self.$field)),*];
                $crate::table::arrow::batch($name, &self.schema, columns)
            }
        }
    };
    (@nullable) => { false };
    (@nullable null) => { true };
}

pub(crate) use columns;
