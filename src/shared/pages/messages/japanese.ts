import type { Catalogue } from './english.ts';

const texts: Catalogue = {
  'action.back': 'アプリに戻る',
  'action.back_to': '{app} に戻る',
  'action.open': 'アプリを開く',
  'action.open_app': '{app} を開く',
  'action.continue': '続ける',
  'action.try_again': 'もう一度試す',
  'action.sign_in': 'サインイン',
  'action.sign_in_again': 'もう一度サインイン',
  'action.other_account': '別のアカウントを使う',
  'action.close_window': 'このウィンドウを閉じる',
  'action.sign_out': 'サインアウト',
  'action.stay_signed_in': 'サインインしたままにする',
  'action.sign_out_of_microsoft': 'Microsoft からもサインアウト',
  'label.code': 'コード',
  'label.status': 'ステータス',
  'label.reference': '参照番号',
  'label.administrator_link': '管理者用のリンク',

  'bounce.title': 'お待ちください',
  'popup.title': '完了しました',
  'popup.text': 'このウィンドウを閉じて、アプリで続けることができます。',
  'start.title': 'ここにページはありません',
  'start.heading': 'サインイン サービスは動作しています',
  'start.text': 'このアドレスにはページがありません。開くアドレスをアプリの管理者に確認してください。',
  'sign_out.title': 'サインアウト',
  'sign_out.heading': 'サインアウトしますか?',
  'sign_out.text': '{name} としてサインインしています。',
  'signed_out.title': 'サインアウト済み',
  'signed_out.heading': 'サインアウトしました',
  'signed_out.text': 'このブラウザーでは、このアプリにサインインしていません。',
  'sign_out_pending.title': 'サインアウトが完了していません',
  'sign_out_pending.heading': 'このブラウザーではサインアウトしましたが、サーバーではまだです',
  'sign_out_pending.text':
    'セッションの保存先を利用できません。セッションは、次にこのサイトを開いたとき、または有効期限が切れたときに削除されます。',
  'approval.granted.title': '承認しました',
  'approval.granted.text':
    '組織のユーザーはこれらのアクセス許可を使えるようになりました。待っているユーザーは、アプリでもう一度試すことができます。',
  'approval.refused.title': '承認しませんでした',
  'approval.refused.text':
    'アクセス許可は付与されませんでした。ユーザーはアクセス許可なしでアプリを使い続けることができます。',
  'download.title': 'ファイルを読み込めませんでした',
  'download.forbidden': 'お使いのアカウントでは開けません。',
  'download.missing': 'ファイルはもう存在しないか、移動されました。',
  'download.busy': '現在、読み込み中のファイルが多すぎます。1 分後にもう一度お試しください。',
  'download.failed': 'ファイルのあるサーバーがエラーを返しました。後でもう一度お試しください。',
  'two_cookies.title': 'このブラウザーはサインイン用 Cookie を 2 つ送信しました',

  'no_access.text': 'このページに必要なものがお使いのアカウントにありません。',
  'no_access.any_of': 'このページには次のいずれかが必要ですが、お使いのアカウントにはどれもありません。',
  'no_access.registration': 'このページに必要なものがアプリの登録にありません。',
  'no_access.roles': 'アプリ ロール: {values}',
  'no_access.groups': 'グループのメンバーシップ: {values}',
  'no_access.tenants': '組織のアカウント: {values}',
  'no_access.claim': 'ID トークンの省略可能な要求: {values}',
  'no_access.assign_role':
    '組織の管理者が、Microsoft Entra 管理センターの [エンタープライズ アプリケーション]、このアプリ、[ユーザーとグループ] で割り当てることができます。変更は数分で有効になります。',
  'no_access.ask': '組織の管理者に相談してください。',

  'sign_in.consent_declined.title': 'アクセス許可を拒否しました',
  'sign_in.consent_declined.text':
    'アプリが求めたアクセス許可を拒否しました。何も共有されていません。アクセス許可なしで続けることも、もう一度試すこともできます。',
  'sign_in.consent_declined.signed_out':
    'サインインに必要なアクセス許可を拒否しました。サインインしていません。',
  'sign_in.login_canceled.title': 'サインインを取り消しました',
  'sign_in.login_canceled.text': 'サインインが完了する前に戻りました。何も変更されていません。',
  'sign_in.admin_consent_required.title': '管理者の承認が必要です',
  'sign_in.admin_consent_required.text':
    'お客様の組織では、管理者だけがこれらのアクセス許可を付与できます。まだ承認を依頼していない場合は、下のリンクを管理者に送ってください。アクセス許可なしで続けることもできます。',
  'sign_in.admin_consent_required.signed_out':
    'お客様の組織では、管理者だけがこれらのアクセス許可を付与できます。まだ承認を依頼していない場合は、下のリンクを管理者に送ってください。サインインしていません。',
  'sign_in.login_required.title': '続けるにはサインインしてください',
  'sign_in.login_required.text': '確認なしではサインインできませんでした。',
  'sign_in.sign_in_service_unavailable.title': '現在サインインできません',
  'sign_in.sign_in_service_unavailable.text':
    'Microsoft またはこのサービスがサインインを完了できませんでした。何も変更されていません。しばらくしてからもう一度お試しください。',
  'sign_in.registration_invalid.title': 'このアプリは正しく設定されていません',
  'sign_in.registration_invalid.text': 'アプリの管理者が設定を修正する必要があります。',
  'sign_in.signed_out_meanwhile.title': 'サインアウトされました',
  'sign_in.signed_out_meanwhile.text':
    'サインインの直前または途中でセッションが終了しました。もう一度サインインしてください。',
  'sign_in.other_account.title': '別のアカウントです',
  'sign_in.other_account.text':
    'このアプリには以前のアカウントでサインインしたままです。そのアカウントでもう一度試すか、別のアカウントを使うには、まずアプリからサインアウトしてください。',
  'sign_in.other_account_by_link.title': '別のアカウントでサインインしています',
  'sign_in.other_account_by_link.text':
    '別のアカウントでのサインインが開始されました。リンクによるものかもしれません。何も変更されておらず、サインインしたままです。意図した場合にのみ、別のアカウントで続けてください。',
  'sign_in.fewer_permissions.title': '一部のアクセス許可がありません',
  'sign_in.fewer_permissions.text':
    'Microsoft は、アプリが求めたアクセス許可の一部しか付与しませんでした。サインインは完了していません。もう一度試すか、アクセス許可なしで続けてください。',
  'sign_in.fewer_permissions.signed_out':
    'Microsoft は、サインインに必要なアクセス許可の一部しか付与しませんでした。サインインしていません。',
  'sign_in.took_too_long.title': 'サインインに時間がかかりすぎました',
  'sign_in.took_too_long.text': 'サインインは 15 分以内に完了する必要があります。何も変更されていません。',
  'sign_in.sign_in_refused.title': 'サインインは受け付けられませんでした',
  'sign_in.sign_in_refused.text':
    '何も変更されていません。もう一度試しても解決しない場合は、下の参照番号をサポート担当者に伝えてください。',
  'sign_in.ended.title': 'サインインしていません',
  'sign_in.ended.text':
    'このサインインはすでに終了しており、現在はサインインしていません。続けるにはもう一度サインインしてください。',

  'session.not_signed_in.text': 'このブラウザーでは誰もサインインしていません。',
  'session.session_idle.text': 'セッションは長い間使われなかったため終了しました。',
  'session.session_expired.text': 'セッションが最長時間に達しました。',
  'session.session_ended.text': 'セッションは終了しました。',
  'session.cookie_sent_twice.text':
    'このブラウザーは、このサービスのサインイン用 Cookie を 2 回送信しました。本物はどちらか一方だけなので、どちらも使われず、何も変更されていません。ブラウザーでこのサイトの Cookie を削除してから、もう一度サインインしてください。',

  'reason.consent_required.title': 'あなたの許可が必要です',
  'reason.consent_required.text': '続けるには、このアプリにあなたの許可が必要です。',
  'reason.admin_consent_required.title': '管理者の承認が必要です',
  'reason.admin_consent_required.text': 'このアプリに必要なアクセス許可は、組織の管理者だけが付与できます。',
  'reason.two_factor_required.title': '多要素認証が必要です',
  'reason.two_factor_required.text':
    'お客様の組織では多要素認証が必要です。2 つ目の要素を使ってもう一度サインインしてください。',
  'reason.password_expired.title': 'パスワードの有効期限が切れています',
  'reason.password_expired.text':
    'パスワードの有効期限が切れているか、変更が必要です。もう一度サインインして、新しいパスワードを設定してください。',
  'reason.account_disabled.title': 'お使いのアカウントは使用できません',
  'reason.account_disabled.text':
    'お使いのアカウントは無効になっているか、この組織に存在しません。組織の管理者に相談してください。',
  'reason.device_not_compliant.title': 'このデバイスは使用できません',
  'reason.device_not_compliant.text':
    'お客様の組織では、組織が管理するデバイス、または要件を満たすデバイスだけを使用できます。そのようなデバイスを使うか、このデバイスの設定を IT サポートに依頼してください。',
  'reason.blocked_by_policy.title': '組織がこのアクセスをブロックしています',
  'reason.blocked_by_policy.text':
    '組織のポリシーがこのアクセスをブロックしています。必要な条件については、組織の管理者に確認してください。',
  'reason.not_assigned.title': 'このアプリに割り当てられていません',
  'reason.not_assigned.text':
    'お使いのアカウントはこのアプリに割り当てられていません。組織の管理者が割り当てることができます。',
  'reason.claims_challenge.title': '組織が追加の確認を求めています',
  'reason.claims_challenge.text':
    '組織のポリシーにより、サインインの追加の確認が必要です。もう一度サインインして確認を完了してください。',
  'reason.continuous_access_evaluation.title': 'アクセスの確認が必要です',
  'reason.continuous_access_evaluation.text':
    'アカウントやネットワークが変わったなどの理由で、Microsoft は現在のアクセスを受け付けなくなりました。もう一度サインインしてください。',
  'reason.refresh_token_expired.title': 'サインインの有効期限が切れました',
  'reason.refresh_token_expired.text':
    'しばらくこのアプリを使っていないか、組織が定期的なサインインを求めています。もう一度サインインしてください。',
  'reason.refresh_token_revoked.title': 'サインインが取り消されました',
  'reason.refresh_token_revoked.text':
    'パスワードが変更されたか、あなたまたは管理者がセッションを終了したため、サインインが取り消されました。もう一度サインインしてください。',
  'reason.sign_in_required.title': '続けるにはもう一度サインインしてください',
  'reason.sign_in_required.text': 'Microsoft が新しいサインインを求めています。',
  'reason.recent_sign_in_required.title': '続けるにはもう一度サインインしてください',
  'reason.recent_sign_in_required.text': 'この操作には最近のサインインが必要です。',
  'reason.stronger_sign_in_required.title': '続けるにはもう一度サインインしてください',
  'reason.stronger_sign_in_required.text': 'この操作には、より強力なサインインが組織で必要とされています。',

  'problem.request_invalid.title': '無効な要求です',
  'problem.request_invalid.text': 'アドレスまたはフォームに、このサービスが受け付けない値があります。',
  'problem.login_transaction_invalid.title': 'このサインインは完了できません',
  'problem.login_transaction_invalid.text':
    'このサインインは、別のブラウザーで開始されたか、時間がかかりすぎたか、すでに完了しているか、無効な応答を受け取りました。最初からやり直してください。',
  'problem.session_required.title': 'サインインが必要です',
  'problem.session_required.text': '続けるにはサインインしてください。',
  'problem.interaction_required.title': '操作が必要です',
  'problem.interaction_required.text': '続けるにはもう一度サインインしてください。',
  'problem.authorization_denied.title': 'サインインが拒否されました',
  'problem.authorization_denied.text': 'サインインできませんでした。もう一度お試しください。',
  'problem.consent_declined.title': 'アクセス許可を拒否しました',
  'problem.consent_declined.text':
    'この機能のアクセス許可は拒否されました。機能なしで続けることも、もう一度試すこともできます。',
  'problem.admin_consent_required.title': '管理者の承認が必要です',
  'problem.admin_consent_required.text': 'この機能のアクセス許可は、組織の管理者が付与する必要があります。',
  'problem.claim_required.title': 'アクセスできません',
  'problem.claim_required.text': 'お使いのアカウントでは開けません。',
  'problem.directory_role_required.title': 'Microsoft Entra ID のロールではこの操作を行えません',
  'problem.directory_role_required.text': '組織でのロールが、この操作には足りません。',
  'problem.cross_site_request.title': '別のサイトからの要求をブロックしました',
  'problem.cross_site_request.text': '要求は別のサイトから送られたため、実行されませんでした。',
  'problem.path_not_allowed.title': 'アプリの規則ではこの呼び出しは許可されていません',
  'problem.path_not_allowed.text': 'このアプリはこの要求を許可していません。',
  'problem.not_found.title': 'ページが見つかりません',
  'problem.not_found.text': 'アドレスを確認してください。',
  'problem.method_not_allowed.title': '許可されていないメソッドです',
  'problem.method_not_allowed.text': 'このアドレスは、この種類の要求に対応していません。',
  'problem.session_changed.title': 'このブラウザーのセッションは変わりました',
  'problem.session_changed.text':
    'このページは、ブラウザーの現在のセッションとは別のセッションのものです。何も実行されていません。',
  'problem.length_required.title': 'Content-Length が必要です',
  'problem.length_required.text': '要求に内容の長さが示されていません。',
  'problem.body_too_large.title': '要求の内容が大きすぎます',
  'problem.body_too_large.text': '要求のデータが上限を超えています。',
  'problem.content_type_not_allowed.title': 'アプリの規則ではこの種類の内容は許可されていません',
  'problem.content_type_not_allowed.text': 'このアプリは、この種類の内容をここでは許可していません。',
  'problem.content_encoding_not_allowed.title': '内容を圧縮せずに送ってください',
  'problem.content_encoding_not_allowed.text': '内容は圧縮せずに送る必要があります。',
  'problem.rate_limited.title': '要求が多すぎます',
  'problem.rate_limited.text':
    'このブラウザーまたはネットワークから、短い時間に多くの要求がありました。しばらくお待ちください。',
  'problem.internal_error.title': '問題が発生しました',
  'problem.internal_error.text': '要求を完了できませんでした。後でもう一度お試しください。',
  'problem.upstream_unreachable.title': 'API に接続できませんでした',
  'problem.upstream_unreachable.text':
    'このアプリが使うサービスに接続できませんでした。後でもう一度お試しください。',
  'problem.upstream_answer_refused.title': 'API の応答を破棄しました',
  'problem.upstream_answer_refused.text': 'このアプリが使うサービスの応答は使用できませんでした。',
  'problem.configuration_invalid.title': 'このサービスは正しく構成されていません',
  'problem.configuration_invalid.text':
    '設定が不足しているか、間違っています。サービスのログに示されています。',
  'problem.registration_invalid.title': 'このアプリは正しく設定されていません',
  'problem.registration_invalid.text': 'アプリの管理者が設定を修正する必要があります。',
  'problem.sign_in_service_unavailable.title': 'サインイン サービスを利用できません',
  'problem.sign_in_service_unavailable.text':
    'Microsoft またはこのサービスがサインインを完了できませんでした。何も変更されていません。しばらくしてからもう一度お試しください。',
  'problem.storage_unavailable.title': 'セッションの保存先を利用できません',
  'problem.storage_unavailable.text':
    'セッションの保存先から想定どおりの応答がありませんでした。データは失われておらず、誰もサインアウトされていません。',
  'problem.upstream_unavailable.title': 'API を利用できません',
  'problem.upstream_unavailable.text':
    'このアプリが使うサービスは現在利用できません。後でもう一度お試しください。',
  'problem.upstream_timeout.title': 'API の応答に時間がかかりすぎました',
  'problem.upstream_timeout.text':
    'このアプリが使うサービスから時間内に応答がありませんでした。後でもう一度お試しください。',
};

export const japanese = (): Catalogue => texts;
