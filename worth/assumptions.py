"""What the figures rest on, in sentences for the page."""

from typing import Final

MODELLED: Final = """\
The decisions are those of the integration: its state machine, session table, planner, list of authority and pacing of \
orders, told facts as a station, a meter and a price source would tell them.
The controller knows the house only by its meter and by the habit it has learnt; it knows nothing of the day's meals, \
the drives nobody announced, and of the weather only a forecast of the sun, told at midnight for two days, with its \
clouds off.
It is told the battery's level in whole per cent, and believes in an efficiency of 90 % each way; the true car loses \
25 % at little power and 8 % at full power, and charges more slowly above 80 %.
Prices are told as in life: tomorrow's Tempo colour at 11:00, tomorrow's market prices at 13:00. Before that a colour \
is a chance, and a market price is not known.
Commuting, home office, weekends, holidays, evening and night drives without notice, forgotten cables; more \
consumption in the cold; what the battery lacks on a drive is charged on the road, dearly.
A car still plugged in at its departure has finished its session, as in the manual: it rests until plugged in anew.
Local time of France with both changes of the clock.
""".splitlines()
NOT_MODELLED: Final = """\
Time goes in steps of minutes: within a step the house's load is constant, so its spikes are gentler than in life. An \
order is followed, and a change measured, within two seconds.
The talk between station and controller (OCPP) is left out: every order is taken, none is late, no link breaks.
Ageing of the battery is a price per kWh moved, not chemistry: neither the calendar nor the level counts.
Clouds pass within an hour; the forecast of the sun tells none of that.
No rewards of a V2G contract, no tax, no fixed charges, no price of station or installation. Money is what the car \
adds to the bill of the home, with ageing and charges on the road.
Weather, house, drives and market prices are made up from a seed: likely, not measured.
""".splitlines()
