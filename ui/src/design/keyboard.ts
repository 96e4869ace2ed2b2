/** The name of a control, with the key that does the same, if there is one. */
export function withKey(name: string, key: string | undefined): string {
  return key ? `${name} (${key})` : name;
}

/**
 * Whether an input method has the key. WebKit has ended the composition already when it tells about
 * the key that ended it; only the old key code still gives it away.
 */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
