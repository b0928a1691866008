import type { Catalogue } from './english.ts';

const texts: Catalogue = {
  'action.back': 'Volver a la aplicación',
  'action.back_to': 'Volver a {app}',
  'action.open': 'Abrir la aplicación',
  'action.open_app': 'Abrir {app}',
  'action.continue': 'Continuar',
  'action.try_again': 'Reintentar',
  'action.sign_in': 'Iniciar sesión',
  'action.sign_in_again': 'Volver a iniciar sesión',
  'action.other_account': 'Usar otra cuenta',
  'action.close_window': 'Cerrar esta ventana',
  'action.sign_out': 'Cerrar sesión',
  'action.stay_signed_in': 'Mantener la sesión',
  'action.sign_out_of_microsoft': 'Cerrar también la sesión de Microsoft',
  'label.code': 'Código',
  'label.status': 'Estado',
  'label.reference': 'Referencia',
  'label.administrator_link': 'Enlace para su administrador',

  'bounce.title': 'Un momento',
  'popup.title': 'Listo',
  'popup.text': 'Puede cerrar esta ventana y continuar en la aplicación.',
  'start.title': 'Aquí no hay ninguna página',
  'start.heading': 'El servicio de inicio de sesión está en marcha',
  'start.text':
    'No hay ninguna página en esta dirección. Pregunte al administrador de la aplicación qué dirección debe abrir.',
  'sign_out.title': 'Cerrar sesión',
  'sign_out.heading': '¿Cerrar sesión?',
  'sign_out.text': 'Ha iniciado sesión como {name}.',
  'signed_out.title': 'Sesión cerrada',
  'signed_out.heading': 'Ha cerrado la sesión',
  'signed_out.text': 'Ya no tiene una sesión abierta de esta aplicación en este navegador.',
  'sign_out_pending.title': 'Cierre de sesión incompleto',
  'sign_out_pending.heading': 'Sesión cerrada en este navegador, pero aún no en el servidor',
  'sign_out_pending.text':
    'El almacén de sesiones no está disponible. Su sesión se eliminará la próxima vez que abra este sitio o cuando caduque.',
  'approval.granted.title': 'Aprobado',
  'approval.granted.text':
    'Los usuarios de su organización ya pueden usar estos permisos. Quienes estén esperando pueden volver a intentarlo en la aplicación.',
  'approval.refused.title': 'No aprobado',
  'approval.refused.text': 'No se concedieron los permisos. La aplicación se puede seguir usando sin ellos.',
  'download.title': 'No se pudo cargar el archivo',
  'download.forbidden': 'Su cuenta no puede abrirlo.',
  'download.missing': 'Ya no existe o se ha movido.',
  'download.busy':
    'En este momento se están cargando demasiados archivos. Vuelva a intentarlo dentro de un minuto.',
  'download.failed':
    'El servidor que tiene el archivo respondió con un error. Vuelva a intentarlo más tarde.',
  'two_cookies.title': 'Este navegador envió dos cookies de inicio de sesión',

  'no_access.text': 'Su cuenta no tiene lo que esta página requiere:',
  'no_access.any_of': 'Esta página requiere uno de estos elementos y su cuenta no tiene ninguno:',
  'no_access.registration': 'Al registro de esta aplicación le falta algo que esta página requiere:',
  'no_access.roles': 'Rol de aplicación: {values}',
  'no_access.groups': 'Pertenencia a un grupo: {values}',
  'no_access.tenants': 'Cuenta de la organización: {values}',
  'no_access.claim': 'Notificación opcional en los tokens de identificador: {values}',
  'no_access.assign_role':
    'Un administrador de su organización puede asignarlo en el centro de administración de Microsoft Entra, en «Aplicaciones empresariales», esta aplicación, «Usuarios y grupos». El cambio surte efecto en unos minutos.',
  'no_access.ask': 'Pida ayuda a un administrador de su organización.',

  'sign_in.consent_declined.title': 'Permiso rechazado',
  'sign_in.consent_declined.text':
    'Ha rechazado los permisos que pidió la aplicación. No se ha compartido nada. Puede continuar sin ellos o volver a intentarlo.',
  'sign_in.consent_declined.signed_out':
    'Ha rechazado los permisos que la aplicación necesita para iniciar su sesión. No ha iniciado sesión.',
  'sign_in.login_canceled.title': 'Inicio de sesión cancelado',
  'sign_in.login_canceled.text': 'Volvió atrás antes de completar el inicio de sesión. No ha cambiado nada.',
  'sign_in.admin_consent_required.title': 'Se necesita la aprobación de un administrador',
  'sign_in.admin_consent_required.text':
    'En su organización, solo los administradores pueden conceder estos permisos. Envíe el enlace de abajo a su administrador, salvo que ya haya solicitado la aprobación. Puede continuar sin los permisos.',
  'sign_in.admin_consent_required.signed_out':
    'En su organización, solo los administradores pueden conceder estos permisos. Envíe el enlace de abajo a su administrador, salvo que ya haya solicitado la aprobación. No ha iniciado sesión.',
  'sign_in.login_required.title': 'Inicie sesión para continuar',
  'sign_in.login_required.text': 'Microsoft no pudo iniciar su sesión sin preguntarle.',
  'sign_in.sign_in_service_unavailable.title': 'El inicio de sesión no está disponible por el momento',
  'sign_in.sign_in_service_unavailable.text':
    'Microsoft o este servicio no pudo completar el inicio de sesión. No ha cambiado nada. Vuelva a intentarlo en unos instantes.',
  'sign_in.registration_invalid.title': 'Esta aplicación no está bien configurada',
  'sign_in.registration_invalid.text': 'Un administrador de esta aplicación debe corregir su configuración.',
  'sign_in.signed_out_meanwhile.title': 'Se ha cerrado su sesión',
  'sign_in.signed_out_meanwhile.text':
    'Sus sesiones se cerraron justo antes de iniciar sesión o mientras la iniciaba. Vuelva a iniciar sesión.',
  'sign_in.other_account.title': 'Cuenta distinta',
  'sign_in.other_account.text':
    'Su sesión en esta aplicación sigue abierta con la cuenta anterior. Vuelva a intentarlo con esa cuenta, o cierre primero la sesión de la aplicación para usar la otra.',
  'sign_in.other_account_by_link.title': 'Ha iniciado sesión con otra cuenta',
  'sign_in.other_account_by_link.text':
    'Se empezó un inicio de sesión con una cuenta distinta, quizá por un enlace. No ha cambiado nada y su sesión sigue abierta. Continúe con la otra cuenta solo si esa era su intención.',
  'sign_in.fewer_permissions.title': 'Faltan algunos permisos',
  'sign_in.fewer_permissions.text':
    'Microsoft concedió menos permisos de los que pidió la aplicación. No se completó el inicio de sesión. Vuelva a intentarlo o continúe sin los permisos.',
  'sign_in.fewer_permissions.signed_out':
    'Microsoft concedió menos permisos de los que la aplicación necesita para iniciar su sesión. No ha iniciado sesión.',
  'sign_in.took_too_long.title': 'El inicio de sesión tardó demasiado',
  'sign_in.took_too_long.text': 'Un inicio de sesión debe completarse en 15 minutos. No ha cambiado nada.',
  'sign_in.sign_in_refused.title': 'No se aceptó el inicio de sesión',
  'sign_in.sign_in_refused.text':
    'No ha cambiado nada. Si volver a intentarlo no ayuda, indique la referencia de abajo a su soporte técnico.',
  'sign_in.ended.title': 'No ha iniciado sesión',
  'sign_in.ended.text':
    'Este inicio de sesión ya terminó y su sesión ya no está abierta. Vuelva a iniciar sesión para continuar.',

  'session.not_signed_in.text': 'Nadie ha iniciado sesión en este navegador.',
  'session.session_idle.text': 'La sesión estuvo demasiado tiempo sin usarse y ha terminado.',
  'session.session_expired.text': 'La sesión ha alcanzado su duración máxima.',
  'session.session_ended.text': 'La sesión se ha cerrado.',
  'session.cookie_sent_twice.text':
    'Este navegador envió dos veces una cookie de inicio de sesión de este servicio. Solo una de las dos puede ser auténtica, así que no se usó ninguna y no ha cambiado nada. Elimine las cookies de este sitio en su navegador y vuelva a iniciar sesión.',

  'reason.consent_required.title': 'Se necesita su permiso',
  'reason.consent_required.text': 'Esta aplicación necesita su permiso para continuar.',
  'reason.admin_consent_required.title': 'Se necesita la aprobación de un administrador',
  'reason.admin_consent_required.text':
    'Solo un administrador de su organización puede conceder un permiso que esta aplicación necesita.',
  'reason.two_factor_required.title': 'Se requiere la autenticación multifactor',
  'reason.two_factor_required.text':
    'Su organización requiere la autenticación multifactor. Vuelva a iniciar sesión con su segundo factor.',
  'reason.password_expired.title': 'Su contraseña ha caducado',
  'reason.password_expired.text':
    'Su contraseña ha caducado o se debe cambiar. Vuelva a iniciar sesión para establecer una nueva.',
  'reason.account_disabled.title': 'No se puede usar su cuenta',
  'reason.account_disabled.text':
    'Su cuenta está deshabilitada o no existe en esta organización. Un administrador de su organización puede ayudarle.',
  'reason.device_not_compliant.title': 'No se acepta este dispositivo',
  'reason.device_not_compliant.text':
    'Su organización solo acepta dispositivos que administra o que cumplen sus requisitos. Use uno de ellos, o pida a su soporte técnico que configure este.',
  'reason.blocked_by_policy.title': 'Su organización bloquea este acceso',
  'reason.blocked_by_policy.text':
    'Una directiva de su organización bloquea este acceso. Un administrador de su organización puede explicarle qué requiere.',
  'reason.not_assigned.title': 'No tiene asignada esta aplicación',
  'reason.not_assigned.text':
    'Su cuenta no está asignada a esta aplicación. Un administrador de su organización puede asignarla.',
  'reason.claims_challenge.title': 'Su organización requiere otra comprobación',
  'reason.claims_challenge.text':
    'Una directiva de su organización requiere otra comprobación de su inicio de sesión. Vuelva a iniciar sesión para completarla.',
  'reason.continuous_access_evaluation.title': 'Hay que confirmar su acceso',
  'reason.continuous_access_evaluation.text':
    'Microsoft ya no acepta el acceso actual, por ejemplo porque ha cambiado su cuenta o su red. Vuelva a iniciar sesión.',
  'reason.refresh_token_expired.title': 'Su inicio de sesión ha caducado',
  'reason.refresh_token_expired.text':
    'Hace tiempo que no usa esta aplicación, o su organización requiere que inicie sesión de nuevo cada cierto tiempo. Vuelva a iniciar sesión.',
  'reason.refresh_token_revoked.title': 'Su inicio de sesión se ha revocado',
  'reason.refresh_token_revoked.text':
    'Su inicio de sesión se ha revocado porque cambió su contraseña, o porque usted o un administrador cerró sus sesiones. Vuelva a iniciar sesión.',
  'reason.sign_in_required.title': 'Vuelva a iniciar sesión para continuar',
  'reason.sign_in_required.text': 'Microsoft requiere un nuevo inicio de sesión.',
  'reason.recent_sign_in_required.title': 'Vuelva a iniciar sesión para continuar',
  'reason.recent_sign_in_required.text': 'Esto requiere un inicio de sesión reciente.',
  'reason.stronger_sign_in_required.title': 'Vuelva a iniciar sesión para continuar',
  'reason.stronger_sign_in_required.text':
    'Su organización requiere para esto un inicio de sesión más seguro.',

  'problem.request_invalid.title': 'Solicitud no válida',
  'problem.request_invalid.text': 'La dirección o el formulario tiene un valor que este servicio no acepta.',
  'problem.login_transaction_invalid.title': 'No se puede completar este inicio de sesión',
  'problem.login_transaction_invalid.text':
    'Este inicio de sesión se empezó en otro navegador, tardó demasiado, ya se completó o recibió una respuesta no válida. Empiece de nuevo.',
  'problem.session_required.title': 'Es necesario iniciar sesión',
  'problem.session_required.text': 'Inicie sesión para continuar.',
  'problem.interaction_required.title': 'Se requiere su intervención',
  'problem.interaction_required.text': 'Vuelva a iniciar sesión para continuar.',
  'problem.authorization_denied.title': 'Inicio de sesión denegado',
  'problem.authorization_denied.text': 'No ha iniciado sesión. Vuelva a intentarlo.',
  'problem.consent_declined.title': 'Permiso rechazado',
  'problem.consent_declined.text':
    'Se rechazaron los permisos para esta función. Puede continuar sin la función o volver a intentarlo.',
  'problem.admin_consent_required.title': 'Se necesita la aprobación de un administrador',
  'problem.admin_consent_required.text':
    'Un administrador de su organización debe conceder los permisos para esta función.',
  'problem.claim_required.title': 'No tiene acceso',
  'problem.claim_required.text': 'Su cuenta no puede abrir esto.',
  'problem.directory_role_required.title': 'Sus roles en Microsoft Entra ID no lo permiten',
  'problem.directory_role_required.text': 'Sus roles en su organización no bastan para esto.',
  'problem.cross_site_request.title': 'Solicitud de otro sitio bloqueada',
  'problem.cross_site_request.text': 'La solicitud procedía de otro sitio y no se llevó a cabo.',
  'problem.path_not_allowed.title': 'Las reglas de la aplicación no permiten esta llamada',
  'problem.path_not_allowed.text': 'Esta aplicación no permite esta solicitud.',
  'problem.not_found.title': 'Página no encontrada',
  'problem.not_found.text': 'Compruebe la dirección.',
  'problem.method_not_allowed.title': 'Método no permitido',
  'problem.method_not_allowed.text': 'Esta dirección no admite este tipo de solicitud.',
  'problem.session_changed.title': 'Este navegador tiene ahora otra sesión',
  'problem.session_changed.text':
    'Esta página pertenece a una sesión distinta de la actual del navegador. No se ha hecho nada.',
  'problem.length_required.title': 'Falta Content-Length',
  'problem.length_required.text': 'La solicitud no indica la longitud de su contenido.',
  'problem.body_too_large.title': 'El contenido de la solicitud es demasiado grande',
  'problem.body_too_large.text': 'La solicitud contiene más datos de los permitidos.',
  'problem.content_type_not_allowed.title': 'Las reglas de la aplicación no permiten este tipo de contenido',
  'problem.content_type_not_allowed.text': 'Esta aplicación no permite aquí contenido de este tipo.',
  'problem.content_encoding_not_allowed.title': 'Envíe el contenido sin comprimir',
  'problem.content_encoding_not_allowed.text': 'El contenido debe enviarse sin compresión.',
  'problem.rate_limited.title': 'Demasiadas solicitudes',
  'problem.rate_limited.text':
    'Han llegado demasiadas solicitudes de este navegador o de esta red en poco tiempo. Espere un momento.',
  'problem.internal_error.title': 'Algo ha ido mal',
  'problem.internal_error.text': 'El servicio no pudo completar la solicitud. Vuelva a intentarlo más tarde.',
  'problem.upstream_unreachable.title': 'No se pudo contactar con la API',
  'problem.upstream_unreachable.text':
    'No se pudo contactar con el servicio que está detrás de esta aplicación. Vuelva a intentarlo más tarde.',
  'problem.upstream_answer_refused.title': 'Se rechazó la respuesta de la API',
  'problem.upstream_answer_refused.text':
    'El servicio que está detrás de esta aplicación envió una respuesta que no se puede usar.',
  'problem.configuration_invalid.title': 'Este servicio no está bien configurado',
  'problem.configuration_invalid.text':
    'Falta un ajuste o es incorrecto. El registro del servicio indica cuál.',
  'problem.registration_invalid.title': 'Esta aplicación no está bien configurada',
  'problem.registration_invalid.text': 'Un administrador de esta aplicación debe corregir su configuración.',
  'problem.sign_in_service_unavailable.title': 'El servicio de inicio de sesión no está disponible',
  'problem.sign_in_service_unavailable.text':
    'Microsoft o este servicio no pudo completar el inicio de sesión. No ha cambiado nada. Vuelva a intentarlo en unos instantes.',
  'problem.storage_unavailable.title': 'El almacén de sesiones no está disponible',
  'problem.storage_unavailable.text':
    'El almacén de sesiones no respondió como se esperaba. No se perdieron datos y no se cerró la sesión de nadie.',
  'problem.upstream_unavailable.title': 'La API no está disponible',
  'problem.upstream_unavailable.text':
    'El servicio que está detrás de esta aplicación no está disponible en este momento. Vuelva a intentarlo más tarde.',
  'problem.upstream_timeout.title': 'La API tardó demasiado en responder',
  'problem.upstream_timeout.text':
    'El servicio que está detrás de esta aplicación no respondió a tiempo. Vuelva a intentarlo más tarde.',
};

export const spanish = (): Catalogue => texts;
