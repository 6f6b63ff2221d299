import { useText } from '../i18n/language.js';
import { Button } from './button.js';
import { Notice } from './notice.js';

/** Somebody else saved first: nothing was overwritten, and what he saved can be loaded. */
export function Conflict({ title, onLoad }: { title?: string; onLoad(): void }) {
  const t = useText();
  return (
    <Notice
      tone="warn"
      title={title}
      action={
        <Button small onClick={onLoad}>
          {t.settings.conflictLoad}
        </Button>
      }
    >
      {t.settings.conflict}
    </Notice>
  );
}
