import type { DrawResultView, DrawsView } from "../../host/host";
import type { Catalogue, Figures } from "../../i18n";

/** More names than this are a list, which is read and not heard. */
const NAMES_HEARD = 3;

function resultWords(words: Catalogue, figures: Figures, result: DrawResultView): string {
  const { prize, winners } = result;
  if (winners.length === 0) return words.drawNobodyNews(prize);
  const names = winners.slice(0, NAMES_HEARD).map(({ name }) => name);
  const more = winners.length - names.length;
  if (more > 0) names.push(words.drawOthersWon(more));
  return words.drawResultNews(prize, figures.list(names));
}

export interface DrawNews {
  /** That the reader has won. */
  own?: string;
  /** What everybody in the room hears. */
  aside?: string;
}

/** What is new about the draws, in words. */
export function drawNews(
  words: Catalogue,
  figures: Figures,
  draws: DrawsView,
  before: DrawsView | undefined,
): DrawNews {
  const isNew =
    (known: { draw: string }[] = []) =>
    (one: { draw: string }) =>
      known.every(({ draw }) => draw !== one.draw);
  const news: DrawNews = {};
  const opened = draws.open.findLast(isNew(before?.open));
  if (opened) news.aside = words.drawOpenNews(opened.keyword, opened.prize);
  for (const result of draws.results.filter(isNew(before?.results))) {
    if (result.winners.some(({ own }) => own)) news.own = words.drawWonNews(result.prize);
    else news.aside = resultWords(words, figures, result);
  }
  return news;
}
