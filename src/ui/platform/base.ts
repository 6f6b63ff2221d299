/** Where the site lives, as the document's `<base>` says: `` or `/trunkline`, without a slash at its end. */
export const BASE = new URL(document.baseURI).pathname.replace(/\/+$/, '');
