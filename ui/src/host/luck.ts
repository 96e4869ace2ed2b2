import type { ChatRow, OpenDrawView, RoomEvent } from "./host";

const LASTS_S = 60;
const WINNERS = 3;
const DRAW = {
  draw: "draw_1",
  keyword: "kiln",
  prize: "Bud vase, thrown by hand",
  winners: WINNERS,
  min_level: 0,
  must_have_gifted: false,
  must_follow: false,
  commitment: "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd",
};
const SEED = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/** The lucky draw of a room without a shop behind it: whoever says the keyword may win. */
export class Luck {
  readonly #random: () => number;
  #open: OpenDrawView | undefined;
  #entrants = new Map<string, ChatRow>();

  constructor(random: () => number) {
    this.#random = random;
  }

  open(): RoomEvent[] {
    this.#open = { ...DRAW, ends_at_s: Math.floor(Date.now() / 1000) + LASTS_S };
    return [{ type: "draws", draws: { open: [this.#open], results: [] } }];
  }

  /** What people say while a draw is open. */
  keyword(): string | undefined {
    return this.#open?.keyword;
  }

  hear(row: ChatRow): void {
    if (row.text.trim().toLowerCase() === this.#open?.keyword) this.#entrants.set(row.user_id, row);
  }

  /** Draws, once the time is over. */
  tick(): RoomEvent[] {
    const open = this.#open;
    if (!open || Date.now() < open.ends_at_s * 1000) return [];
    this.#open = undefined;
    const { draw, prize, commitment } = open;
    const winners = [...this.#entrants.values()]
      .map((row) => ({ row, ticket: this.#random() }))
      .sort((one, other) => one.ticket - other.ticket)
      .slice(0, WINNERS)
      .map(({ row: { user_id, name, own } }) => ({ user_id, name, own }));
    const entrants = this.#entrants.size;
    const result = { draw, prize, entrants, winners, seed: SEED, commitment };
    return [{ type: "draws", draws: { open: [], results: [result] } }];
  }
}
