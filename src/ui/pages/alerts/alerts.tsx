/** What is wrong now and was before, and who is told of it: of one enterprise, or for the operator of all. */
import { useParams } from 'wouter';
import { useText } from '../../i18n/language.js';
import { Page } from '../../layout/page.js';
import { AlertSettingsPanel } from './alert-settings-panel.js';
import { AlertTable } from './alert-table.js';

export default function Alerts() {
  const t = useText();
  const { enterprise } = useParams<{ enterprise?: string }>();
  return (
    <Page title={t.nav.alerts} lead={t.alerts.lead}>
      <AlertTable enterprise={enterprise} state="current" />
      <AlertSettingsPanel enterprise={enterprise} />
      <AlertTable enterprise={enterprise} state="past" />
    </Page>
  );
}
