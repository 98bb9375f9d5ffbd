"""The Parzen-window table of the first GAN paper: its recipe and its page."""
