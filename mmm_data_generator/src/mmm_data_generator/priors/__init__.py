"""Laws from which whole worlds are drawn, each stated beside its draws."""
