"""Views: panels laid out for a purpose."""
