/**
 * The events of a body, as text, while it still comes: one object, an array of them, or one a line. In an array they are told
 * apart by their braces; else an event begins with each line that begins with a brace, so that one that is broken, or holds
 * a line end, costs no other. What cannot be told apart any more comes out as one piece, to be refused.
 */
export interface Items {
  /** The events that are whole with this piece. @throws RangeError when one grows beyond reason */
  push(piece: string): string[];
  /** What is left. */
  end(): string[];
}

export function createItems(mostChars: number): Items {
  let begun = '';
  let splitter: Items | null = null;
  return {
    push(piece) {
      if (splitter) return splitter.push(piece);
      begun = (begun + piece).replace(/^[\uFEFF\s]+/, '');
      if (begun === '') return [];
      splitter = begun.startsWith('[') ? inArray(mostChars) : byLine(mostChars);
      return splitter.push(begun);
    },
    end: () => splitter?.end() ?? [],
  };
}

function byLine(mostChars: number): Items {
  let rest = '';
  return {
    push(piece) {
      const parts = (rest + piece).split(/\r?\n(?=\{)/);
      rest = parts.pop() ?? '';
      if (rest.length > mostChars) throw new RangeError('an event is too large');
      return parts.filter((part) => part.trim() !== '');
    },
    end: () => [rest].filter((part) => part.trim() !== ''),
  };
}

/** Inside a text braces mean nothing; what stands between two events (commas, blanks) is none. */
function inArray(mostChars: number): Items {
  let item = '';
  let depth = 0;
  let quoted = false;
  let escaped = false;

  /** True with the brace that ends an event. */
  function ends(char: string): boolean {
    if (quoted) {
      if (escaped) escaped = false;
      else if (char === '\\') escaped = true;
      else if (char === '"') quoted = false;
      return false;
    }
    if (char === '"') quoted = true;
    if (char === '{') depth += 1;
    if (char === '}') depth -= 1;
    return char === '}' && depth === 0;
  }

  return {
    push(piece) {
      const whole: string[] = [];
      let from = 0;
      for (let i = 0; i < piece.length; i += 1) {
        const char = piece[i] ?? '';
        if (depth === 0 && !quoted) {
          if (/[[\],\s]/.test(char)) {
            item += piece.slice(from, i);
            if (item !== '') whole.push(item);
            item = '';
            from = i + 1;
            continue;
          }
        }
        if (!ends(char)) continue;
        whole.push(item + piece.slice(from, i + 1));
        item = '';
        from = i + 1;
      }
      item += piece.slice(from);
      if (item.length > mostChars) throw new RangeError('an event is too large');
      return whole;
    },
    end: () => (item === '' ? [] : [item]),
  };
}
