import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { useText } from '../../i18n/language.js';
import { Panel } from '../../parts/panel.js';
import { QueryView } from '../../parts/query-view.js';
import { CardLight } from '../integrations/card-light.js';
import { crmsNow } from './questions.js';

export function CrmLights({ enterprise }: { enterprise: string }) {
  const t = useText();
  const cards = useQuery(crmsNow(enterprise));
  return (
    <Panel title={t.dashboard.crms} flush>
      <QueryView query={cards}>
        {(all) => (
          <ul className="crm-lights">
            {all.map((card) => (
              <li key={card.type}>
                <Link
                  className="strong-link"
                  to={`/e/${encodeURIComponent(enterprise)}/integrations${card.enabled ? `/${card.type}` : ''}`}
                >
                  {card.title}
                </Link>
                <CardLight card={card} />
              </li>
            ))}
          </ul>
        )}
      </QueryView>
    </Panel>
  );
}
