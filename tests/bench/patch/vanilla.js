// The same patch, written by hand: what the app is measured against.

const NO_BREAK_SPACE = "\u00a0";

/** Whole roubles in groups of three digits. */
function grouped(roubles) {
  let digits = String(roubles);
  let text = "";
  while (digits.length > 3) {
    text = NO_BREAK_SPACE + digits.slice(-3) + text;
    digits = digits.slice(0, -3);
  }
  return digits + text;
}

/** `13 500 ₽`, `352,50 ₽`, `—`. */
function priceText(kopecks) {
  if (kopecks === null) return "—";
  const rest = kopecks % 100;
  const roubles = grouped((kopecks - rest) / 100);
  return rest === 0
    ? `${roubles}${NO_BREAK_SPACE}₽`
    : `${roubles},${rest < 10 ? "0" : ""}${rest}${NO_BREAK_SPACE}₽`;
}

/** `165 ₽/км`, or nothing. */
function perKmText(kopecks, km) {
  if (kopecks === null || !km) return "";
  return `${grouped(Math.round(kopecks / km / 100))}${NO_BREAK_SPACE}₽/км`;
}

export class Board {
  /** Takes over the cards in `host`, which show `cargos`. */
  constructor(host, cargos) {
    this.cards = new Map();
    this.answers = 0;
    for (const cargo of cargos) {
      const element = host.querySelector(`#cargo-${cargo.id} .price`);
      this.cards.set(cargo.id, {
        element,
        text: element.firstChild,
        price: cargo.price_kopecks,
        km: cargo.distance_km,
        twin: false,
        seen: 0,
      });
    }
  }

  /** What a poll does with the text of its answer. Returns how many prices changed. */
  patch(answer) {
    let changed = 0;
    this.unknown = 0;
    this.answers += 1;
    for (const [id, price] of JSON.parse(answer).prices) {
      const card = this.cards.get(id);
      if (card === undefined) {
        this.unknown += 1;
        continue;
      }
      card.seen = this.answers;
      if (card.price === price) continue;
      card.text.data = priceText(price);
      card.element.setAttribute("data-per-km", perKmText(price, card.km));
      card.twin = !card.twin;
      const twin = card.twin ? "b" : "a";
      card.element.className =
        card.price !== null && price > card.price ? `price up-${twin}`
        : price !== null && price < card.price ? `price down-${twin}`
        : "price";
      card.price = price;
      changed += 1;
    }
    this.gone = [];
    for (const [id, card] of this.cards) if (card.seen !== this.answers) this.gone.push(id);
    return changed;
  }
}
