"""The effects a controller carries out, one file each."""
