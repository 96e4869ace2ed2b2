/** Every sentence of the window. A language that lacks one does not compile. */
export interface Catalogue {
  languageName: string;

  watching: (count: string) => string;
  live: string;
  hostedBy: (name: string) => string;

  offline: string;
  connect: string;
  connecting: string;
  online: string;
  reconnectingIn: (seconds: number) => string;
  reconnectingNow: string;
  kicked: string;
  kickedByAdministrator: string;
  kickedAccountDeleted: string;
  kickedOther: string;
  reconnectHere: string;
  signatureExpired: string;
  signInAgain: string;
  connectionFailed: (info: string) => string;
  tryAgain: string;
  missed: (count: number) => string;
  missedWhy: string;

  codeMuted: string;
  codeNotAllowed: string;
  codeRoomGone: string;
  codeTooFast: string;
  codeSlowMode: string;
  codeLinkRefused: string;
  codeGuestsReadOnly: string;
  codeBlockedWords: string;
  codeTooLong: string;
  codeSignatureExpired: string;
  codeNotOnline: string;
  codeNotInRoom: string;
  codeNoAnswer: string;
  codeUnknown: (code: number) => string;

  chat: string;
  chatEmpty: string;
  newMessages: (count: number) => string;
  rowSending: string;
  rowFailed: (reason: string) => string;
  retry: string;
  rowSampledOut: string;
  rowRecalled: string;
  heard: (count: number, name: string, text: string) => string;
  heardOne: (name: string, text: string) => string;

  composerLabel: string;
  composerHint: string;
  send: string;
  blockedOffline: string;
  blockedConnecting: string;
  blockedKicked: string;
  blockedRoomGone: string;
  blockedNotInRoom: string;
  blockedMuteAll: string;
  blockedMuted: (seconds: number) => string;
  blockedMutedUntil: (moment: string) => string;
  blockedWait: (seconds: number) => string;
  blockedWaitUntil: (moment: string) => string;
  maySpeakAgain: string;
  absentBanned: string;
  absentBannedUntil: (moment: string) => string;
  absentRefused: string;
  absentOther: string;
  withReason: (sentence: string, reason: string) => string;
  absentKicked: string;
  absentElsewhere: string;
  charactersOver: (count: number) => string;
  charactersLeft: (count: number) => string;

  stage: string;
  pictureWaiting: string;
  pictureFailed: string;
  play: string;
  pause: string;
  mute: string;
  unmute: string;
  danmakuShow: string;
  danmakuHide: string;
  danmakuLayer: string;
  theatre: string;
  theatreLeave: string;
  fullScreen: string;
  fullScreenLeave: string;
  panelShow: string;
  panelHide: string;
  panelWidth: string;

  like: string;
  likeWith: (total: string) => string;
  gifts: string;

  product: string;
  productEnds: (left: string) => string;
  productEnded: string;

  settings: string;
  close: string;
  appearance: string;
  theme: string;
  themeSystem: string;
  themeDark: string;
  themeLight: string;
  language: string;
  danmaku: string;
  danmakuOn: string;
  danmakuOpacity: string;
  danmakuArea: string;
  /** Where the comments went: how many were shown, and why the others were not. */
  countShown: string;
  countFolded: string;
  countQueueFull: string;
  countExpired: string;
  countNoLane: string;
  countHidden: string;
  countRecalled: string;
  areaQuarter: string;
  areaHalf: string;
  areaThreeQuarters: string;
  areaFull: string;

  service: string;
  serviceReading: string;
  serviceRunning: string;
  serviceStopped: string;
  serviceRest: string;
  serviceGateway: string;
  serviceApp: string;
  serviceRoom: string;
  serviceData: string;
  serviceStart: string;
  serviceStop: string;
  copy: (what: string) => string;
  copied: string;

  shortcuts: string;
  keyEnter: string;
  keyEscape: string;
  keySay: string;
  keyLeave: string;
  keyPlay: string;
  keyMute: string;
  keyDanmaku: string;
  keyPanel: string;
  keyTheatre: string;
  keyFullScreen: string;
  keyShortcuts: string;
}
