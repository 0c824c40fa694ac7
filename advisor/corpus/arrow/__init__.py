"""Arrow's columns: files of them are parsed in a child process, and what they hold is validated before it is used."""
