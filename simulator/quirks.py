"""The habits of real stations that leave the standard."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Quirks:
    """What this station does differently; all off is a station by the book."""

    seq_no_always_zero: bool = False
    energy_in_kwh: bool = False
    export_as_negative_import: bool = False
    no_dynamic_updates: bool = False
    refuses_dynamic: bool = False
    ignores_profiles: bool = False
    wrong_sign: bool = False
    no_renegotiation: bool = False
    never_answers: frozenset[str] = field(default_factory=frozenset)
    answer_delay_s: float = 0.0
    authorizes_before_answering_start: bool = False
    v2x_on_2_0_1: bool = False
    negative_limit_discharges: bool = False
    states_by_event: bool = False
    statuses_before_boot_answer: bool = False
    no_charging_needs: bool = False
    no_periodic_values: bool = False
