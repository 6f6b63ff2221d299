/** Everything Telegram messages say, in the languages of the users. */
export interface Words {
  ringingIn: string;
  ringingOut: string;
  talkingIn: string;
  talkingOut: string;
  answeredIn: string;
  answeredOut: string;
  missedIn: string;
  missedOut: string;
  busyOut: string;
  failedOut: string;
  managers: string;
  hidden: string;
  line: string;
  began: string;
  talked: string;
  waited: string;
  recording: string;
  transferred: string;
  approximate: string;
}

export const WORDS: Record<'ru' | 'en', Words> = {
  ru: {
    ringingIn: 'Входящий звонок',
    ringingOut: 'Исходящий звонок',
    talkingIn: 'Идет входящий разговор',
    talkingOut: 'Идет исходящий разговор',
    answeredIn: 'Успешный входящий звонок',
    answeredOut: 'Успешный исходящий звонок',
    missedIn: 'Мы не подняли трубку',
    missedOut: 'Абонент не поднял трубку',
    busyOut: 'Абонент занят',
    failedOut: 'Не удалось дозвониться',
    managers: 'Менеджеры',
    hidden: 'Номер скрыт',
    line: 'Линия',
    began: 'Начало звонка',
    talked: 'Длительность',
    waited: 'Дозванивался',
    recording: 'Запись разговора',
    transferred: 'Перевод',
    approximate: 'Часть звонка прошла без связи с АТС: время приблизительное',
  },
  en: {
    ringingIn: 'Incoming call',
    ringingOut: 'Outgoing call',
    talkingIn: 'Incoming call, talking',
    talkingOut: 'Outgoing call, talking',
    answeredIn: 'Incoming call answered',
    answeredOut: 'Outgoing call answered',
    missedIn: 'We did not pick up',
    missedOut: 'The client did not pick up',
    busyOut: 'The client is busy',
    failedOut: 'The call did not get through',
    managers: 'Managers',
    hidden: 'Number withheld',
    line: 'Line',
    began: 'Began',
    talked: 'Talked',
    waited: 'Waited',
    recording: 'Recording',
    transferred: 'Transfer',
    approximate: 'A part of this call passed without a link to the PBX: times are approximate',
  },
};
