"""The ring of the Unrolled GAN paper: its recipe and its page."""
