import { useText } from '../i18n/language.js';
import { Page } from '../layout/page.js';
import { ButtonLink } from '../parts/button.js';
import { Empty } from '../parts/query-view.js';

export function Missing() {
  const t = useText();
  return (
    <Page title={t.errors.notFound}>
      <Empty title={t.errors.notFound} action={<ButtonLink to="/">{t.common.back}</ButtonLink>} />
    </Page>
  );
}
