import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { Notice } from '../../parts/notice.js';

/** What is left to do in the CRM itself, once the settings are saved: consent on its page, or enter an address of ours there. */
export function LetIn({ enterprise, type }: { enterprise: string; type: string }) {
  const t = useText();
  const [copied, setCopied] = useState(false);
  const { data: how } = useQuery(api.integrations.howToLetIn.queryOptions({ enterprise, type }));
  if (!how) return null;
  if ('open' in how)
    return (
      <Notice
        tone="info"
        title={t.settings.letIn}
        action={
          <a className="button button-plain button-small" href={how.open} target="_blank" rel="noopener noreferrer">
            {t.settings.letInOpen}
          </a>
        }
      >
        {t.settings.letInOpenWhy}
      </Notice>
    );
  return (
    <Notice
      tone="info"
      title={t.settings.letIn}
      action={
        <Button small onClick={() => void navigator.clipboard.writeText(how.enter).then(() => setCopied(true))}>
          {copied ? t.common.copied : t.common.copy}
        </Button>
      }
    >
      {t.settings.letInEnter} <code>{how.enter}</code>
    </Notice>
  );
}
