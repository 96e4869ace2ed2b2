/** What remains until `endsAtS`: "12:41", or "1:02:03" from an hour on. Undefined once it is over. */
export function timeLeft(endsAtS: number, nowMs: number): string | undefined {
  const left = Math.ceil(endsAtS - nowMs / 1000);
  if (left <= 0) return undefined;
  const hours = Math.floor(left / 3600);
  const minutes = Math.floor((left % 3600) / 60);
  const two = (value: number) => String(value).padStart(2, "0");
  const seconds = two(left % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${seconds}` : `${two(minutes)}:${seconds}`;
}
