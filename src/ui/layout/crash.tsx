import { Component } from 'react';
import type { ReactNode } from 'react';
import { useText } from '../i18n/language.js';
import { Button } from '../parts/button.js';
import { Notice } from '../parts/notice.js';

/** What a bug of the page leaves on the screen instead of a white one. */
export class Crash extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const t = useText();
  return (
    <div className="gate">
      <Notice
        tone="bad"
        title={t.errors.pageBroke}
        action={<Button onClick={() => location.reload()}>{t.errors.reload}</Button>}
      >
        {t.errors.pageBrokeWhy}
      </Notice>
    </div>
  );
}
