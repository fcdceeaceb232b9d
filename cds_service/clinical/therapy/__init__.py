"""Drugs, orders, doses and schedules, as a chart and an order give them."""
