"""Who asks, where they say so: by a token of ours, or of an OpenID Connect issuer that this installation trusts."""
