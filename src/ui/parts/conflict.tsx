import { useState } from 'react';
import { useText } from '../i18n/language.js';
import { faultOf } from '../platform/errors.js';
import { Button } from './button.js';
import { Notice } from './notice.js';

interface Save {
  readonly error: unknown;
  reset(): void;
}

interface Conflicted {
  /** Somebody else saved first. */
  readonly isThere: boolean;
  /** What he saved is on its way: a save sent meanwhile would carry the old version, and be refused once more. */
  readonly isLoading: boolean;
  load(): void;
}

/** A save that may be refused because it carries an old version; `reload` brings the new one. */
export function useConflict(save: Save, reload: (() => Promise<unknown>) | undefined): Conflicted {
  const [isLoading, setLoading] = useState(false);
  return {
    isThere: faultOf(save.error)?.trunkline === 'CONFIG_CHANGED',
    isLoading,
    load() {
      setLoading(true);
      void reload?.()
        .then(() => save.reset())
        .finally(() => setLoading(false));
    },
  };
}

/** Nothing was overwritten, and what the other one saved can be loaded. */
export function Conflict({ conflict }: { conflict: Conflicted }) {
  const t = useText();
  if (!conflict.isThere) return null;
  return (
    <Notice
      tone="warn"
      isAnswer
      title={t.errors.byCode['CONFIG_CHANGED']}
      action={
        <Button small busy={conflict.isLoading} onClick={conflict.load}>
          {t.settings.conflictLoad}
        </Button>
      }
    >
      {t.settings.conflict}
    </Notice>
  );
}
