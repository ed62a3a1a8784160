"""How the portal looks at each host name: `current.get_brand` reads it, `changes` stores what operators set."""
