-- Trust anchor of the recursor.
clearTA()
addTA('.', "@ANCHOR@")
