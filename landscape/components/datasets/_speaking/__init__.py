"""Makes and reads recordings of speech: the program flite, files of sound, pronunciations, and the splits by words."""
