"""The thinking part: values in, values out; no clock, no sockets, no Home Assistant."""
