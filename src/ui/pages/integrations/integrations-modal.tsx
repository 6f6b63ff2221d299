/** The window that "Integrations" opens: a card a CRM, and the settings of one. Its address is `/e/0367/integrations`. */
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useText } from '../../i18n/language.js';
import { Confirm } from '../../parts/confirm.js';
import { Modal } from '../../parts/modal.js';
import { CrmCards } from './crm-cards.js';
import { CrmSettings } from './crm-settings.js';
import { LastEvents } from './last-events.js';

export default function IntegrationsModal({ enterprise, type }: { enterprise: string; type: string | null }) {
  const t = useText();
  const [, go] = useLocation();
  const home = `/e/${encodeURIComponent(enterprise)}`;
  const [unsaved, setUnsaved] = useState(false);
  /** Switched on, but it lacks settings yet. */
  const [switchOn, setSwitchOn] = useState<string | null>(null);
  /** Where to, once what is unsaved may be lost. */
  const [leaving, setLeaving] = useState<string | null>(null);
  const leave = (to: string) => (unsaved ? setLeaving(to) : go(to));

  return (
    <>
      {type === null ? (
        <Modal open title={t.integrations.title} size="wide" onClose={() => go(home)}>
          <p className="quiet">{t.integrations.lead}</p>
          <CrmCards
            enterprise={enterprise}
            onConfigure={(chosen, waits) => {
              setSwitchOn(waits ? chosen : null);
              go(`${home}/integrations/${chosen}`);
            }}
          />
          <LastEvents enterprise={enterprise} />
        </Modal>
      ) : (
        <CrmSettings
          key={type}
          enterprise={enterprise}
          type={type}
          onUnsaved={setUnsaved}
          switchOn={switchOn === type}
          onBack={() => leave(`${home}/integrations`)}
          onRemoved={() => go(`${home}/integrations`)}
        />
      )}
      <Confirm
        open={leaving !== null}
        title={t.settings.unsaved}
        action={t.settings.unsavedLeave}
        onConfirm={() => {
          setUnsaved(false);
          if (leaving !== null) go(leaving);
          setLeaving(null);
        }}
        onCancel={() => setLeaving(null)}
      >
        {t.settings.unsavedWhy}
      </Confirm>
    </>
  );
}
