"""Files: pictures, sound, video and papers that belong to a document.

Their bytes go straight between a client and Cloud Storage. What arrives is looked at, cleaned and moved to where it is
served from before anybody is shown it, and it goes with its document.
"""
