"""Rows of MIOSA into tables: sorted to customers, merged, filed. Writes only; asks nobody, decides no rights."""
