"""Looking for inputs that tmrx fails on, where they are text: `make fuzz` runs it, a test replays what was found."""
