"""The dossier: what an auditor asks of one goal, each part of it a query of its own over the lake."""
