"""The Parzen-window table of the first GAN paper: recipe and page."""
