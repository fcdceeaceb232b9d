"""SMART App Launch: discovery, the authorization code grant, and the session that follows."""
