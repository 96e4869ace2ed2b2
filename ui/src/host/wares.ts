import type { GiftKindView, ProductEntryView } from "./host";

/** The gifts that a shop has unless it has chosen its own. */
export const GIFTS: GiftKindView[] = [
  { id: "rose", title: "Rose", price: 1, art: "rose", effect: "quiet" },
  { id: "heart", title: "Heart", price: 5, art: "heart", effect: "quiet" },
  { id: "coffee", title: "Coffee", price: 10, art: "coffee", effect: "quiet" },
  { id: "lantern", title: "Lantern", price: 30, art: "lantern", effect: "banner" },
  { id: "cake", title: "Cake", price: 66, art: "cake", effect: "banner" },
  { id: "fireworks", title: "Fireworks", price: 199, art: "fireworks", effect: "full" },
  { id: "rocket", title: "Rocket", price: 520, art: "rocket", effect: "full" },
  { id: "crown", title: "Crown", price: 1314, art: "crown", effect: "full" },
];

/** One that many are left of, one of few, one of none, and one that nobody counts. */
export const GOODS: ProductEntryView[] = [
  {
    id: "cup",
    title: "Ceramic cup, ash glaze",
    price_minor: 3900,
    currency: "CNY",
    picture: "demo:cup",
    counted: true,
    stock: 120,
  },
  {
    id: "bowl",
    title: "Ramen bowl, blue glaze",
    price_minor: 6800,
    currency: "CNY",
    picture: "demo:bowl",
    counted: true,
    stock: 8,
  },
  {
    id: "vase",
    title: "Bud vase, thrown by hand",
    price_minor: 12800,
    currency: "CNY",
    picture: "demo:vase",
    counted: true,
    stock: 0,
  },
  {
    id: "card",
    title: "Gift card",
    price_minor: 10000,
    currency: "CNY",
    picture: "",
    counted: false,
    stock: 0,
  },
];
