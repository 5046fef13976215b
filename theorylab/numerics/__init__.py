"""Mathematics that several papers share and no well-kept library has in the needed form."""
