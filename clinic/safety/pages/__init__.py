"""Help, rights and guidance in words: Markdown per language, edited by coordinators, checked by a named person."""
