"""What the values of a table's columns hold: their types in words, chats, ids, padding, and what is no text."""
