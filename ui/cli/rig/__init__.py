"""Commands of a lab's rig: its file, its devices, this computer, and what is wrong with them."""
