"""The ring of the Unrolled GAN paper: recipe and page."""
