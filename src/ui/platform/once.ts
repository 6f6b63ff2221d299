/** Made when it is first needed: what the first page does not need, it does not wait for. */
export function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
