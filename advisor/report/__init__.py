"""How results look: text, tables, JSON documents, pictures. No other room prints or draws."""
