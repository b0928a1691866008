import type { Catalogue } from './english.ts';

const texts: Catalogue = {
  'action.back': 'Voltar ao aplicativo',
  'action.back_to': 'Voltar para {app}',
  'action.open': 'Abrir o aplicativo',
  'action.open_app': 'Abrir {app}',
  'action.continue': 'Continuar',
  'action.try_again': 'Tentar novamente',
  'action.sign_in': 'Entrar',
  'action.sign_in_again': 'Entrar novamente',
  'action.other_account': 'Usar outra conta',
  'action.close_window': 'Fechar esta janela',
  'action.sign_out': 'Sair',
  'action.stay_signed_in': 'Continuar conectado',
  'action.sign_out_of_microsoft': 'Sair também da Microsoft',
  'label.code': 'Código',
  'label.status': 'Código de status',
  'label.reference': 'Referência',
  'label.administrator_link': 'Link para o administrador',

  'bounce.title': 'Um momento',
  'popup.title': 'Pronto',
  'popup.text': 'Você pode fechar esta janela e continuar no aplicativo.',
  'start.title': 'Não há página aqui',
  'start.heading': 'O serviço de entrada está funcionando',
  'start.text':
    'Não há nenhuma página neste endereço. Pergunte ao administrador do aplicativo qual endereço abrir.',
  'sign_out.title': 'Sair',
  'sign_out.heading': 'Deseja sair?',
  'sign_out.text': 'Você entrou como {name}.',
  'signed_out.title': 'Sessão encerrada',
  'signed_out.heading': 'Você saiu',
  'signed_out.text': 'Você não está mais conectado a este aplicativo neste navegador.',
  'sign_out_pending.title': 'Saída incompleta',
  'sign_out_pending.heading': 'Você saiu neste navegador, mas ainda não no servidor',
  'sign_out_pending.text':
    'O armazenamento de sessões não está disponível. Sua sessão será excluída quando você abrir este site novamente ou quando ela expirar.',
  'approval.granted.title': 'Aprovado',
  'approval.granted.text':
    'Os usuários da sua organização já podem usar estas permissões. Quem está esperando pode tentar novamente no aplicativo.',
  'approval.refused.title': 'Não aprovado',
  'approval.refused.text':
    'As permissões não foram concedidas. O aplicativo pode continuar a ser usado sem elas.',
  'download.title': 'Não foi possível carregar o arquivo',
  'download.forbidden': 'Sua conta não pode abri-lo.',
  'download.missing': 'Ele não existe mais ou foi movido.',
  'download.busy': 'Há arquivos demais sendo carregados no momento. Tente novamente em um minuto.',
  'download.failed': 'O servidor que tem o arquivo respondeu com um erro. Tente novamente mais tarde.',
  'two_cookies.title': 'Este navegador enviou dois cookies de entrada',

  'no_access.text': 'Sua conta não tem o que esta página exige:',
  'no_access.any_of': 'Esta página exige um destes itens, e sua conta não tem nenhum deles:',
  'no_access.registration': 'Falta no registro deste aplicativo algo que esta página exige:',
  'no_access.roles': 'Função de aplicativo: {values}',
  'no_access.groups': 'Associação a um grupo: {values}',
  'no_access.tenants': 'Conta da organização: {values}',
  'no_access.claim': 'Declaração opcional nos tokens de ID: {values}',
  'no_access.assign_role':
    'Um administrador da sua organização pode atribuí-la no centro de administração do Microsoft Entra, em “Aplicativos empresariais”, este aplicativo, “Usuários e grupos”. A alteração entra em vigor em poucos minutos.',
  'no_access.ask': 'Peça ajuda a um administrador da sua organização.',

  'sign_in.consent_declined.title': 'Permissão recusada',
  'sign_in.consent_declined.text':
    'Você recusou as permissões que o aplicativo pediu. Nada foi compartilhado. Você pode continuar sem elas ou tentar novamente.',
  'sign_in.consent_declined.signed_out':
    'Você recusou as permissões de que o aplicativo precisa para a sua entrada. Você não está conectado.',
  'sign_in.login_canceled.title': 'Entrada cancelada',
  'sign_in.login_canceled.text': 'Você voltou antes de concluir a entrada. Nada mudou.',
  'sign_in.admin_consent_required.title': 'Aprovação do administrador necessária',
  'sign_in.admin_consent_required.text':
    'Na sua organização, somente administradores podem conceder estas permissões. Envie o link abaixo ao seu administrador, a menos que já tenha solicitado a aprovação. Você pode continuar sem as permissões.',
  'sign_in.admin_consent_required.signed_out':
    'Na sua organização, somente administradores podem conceder estas permissões. Envie o link abaixo ao seu administrador, a menos que já tenha solicitado a aprovação. Você não está conectado.',
  'sign_in.login_required.title': 'Entre para continuar',
  'sign_in.login_required.text': 'A Microsoft não conseguiu conectar você sem fazer perguntas.',
  'sign_in.sign_in_service_unavailable.title': 'A entrada está temporariamente indisponível',
  'sign_in.sign_in_service_unavailable.text':
    'A Microsoft ou este serviço não conseguiu concluir a entrada. Nada mudou. Tente novamente em instantes.',
  'sign_in.registration_invalid.title': 'Este aplicativo não está configurado corretamente',
  'sign_in.registration_invalid.text': 'Um administrador deste aplicativo precisa corrigir a configuração.',
  'sign_in.signed_out_meanwhile.title': 'Sua sessão foi encerrada',
  'sign_in.signed_out_meanwhile.text':
    'Suas sessões foram encerradas pouco antes ou durante a sua entrada. Entre novamente.',
  'sign_in.other_account.title': 'Conta diferente',
  'sign_in.other_account.text':
    'Você continua conectado a este aplicativo com a conta anterior. Tente novamente com essa conta ou saia primeiro do aplicativo para usar a outra.',
  'sign_in.other_account_by_link.title': 'Você está conectado com outra conta',
  'sign_in.other_account_by_link.text':
    'Foi iniciada uma entrada com uma conta diferente, talvez por um link. Nada mudou e você continua conectado. Continue com a outra conta somente se essa era a sua intenção.',
  'sign_in.fewer_permissions.title': 'Faltam algumas permissões',
  'sign_in.fewer_permissions.text':
    'A Microsoft concedeu menos permissões do que o aplicativo pediu. A entrada não foi concluída. Tente novamente ou continue sem as permissões.',
  'sign_in.fewer_permissions.signed_out':
    'A Microsoft concedeu menos permissões do que o aplicativo precisa para a sua entrada. Você não está conectado.',
  'sign_in.took_too_long.title': 'A entrada demorou demais',
  'sign_in.took_too_long.text': 'Uma entrada deve ser concluída em 15 minutos. Nada mudou.',
  'sign_in.sign_in_refused.title': 'A entrada não foi aceita',
  'sign_in.sign_in_refused.text':
    'Nada mudou. Se tentar novamente não ajudar, informe a referência abaixo ao seu suporte.',
  'sign_in.ended.title': 'Você não está conectado',
  'sign_in.ended.text':
    'Esta entrada já terminou e você não está mais conectado. Entre novamente para continuar.',

  'session.not_signed_in.text': 'Ninguém está conectado neste navegador.',
  'session.session_idle.text': 'A sessão ficou muito tempo sem uso e terminou.',
  'session.session_expired.text': 'A sessão atingiu a duração máxima.',
  'session.session_ended.text': 'A sessão foi encerrada.',
  'session.cookie_sent_twice.text':
    'Este navegador enviou duas vezes um cookie de entrada deste serviço. Só um dos dois pode ser autêntico; por isso, nenhum foi usado e nada mudou. Exclua os cookies deste site no navegador e entre novamente.',

  'reason.consent_required.title': 'Sua permissão é necessária',
  'reason.consent_required.text': 'Este aplicativo precisa da sua permissão para continuar.',
  'reason.admin_consent_required.title': 'Aprovação do administrador necessária',
  'reason.admin_consent_required.text':
    'Somente um administrador da sua organização pode conceder uma permissão de que este aplicativo precisa.',
  'reason.two_factor_required.title': 'Autenticação multifator necessária',
  'reason.two_factor_required.text':
    'Sua organização exige a autenticação multifator. Entre novamente com o seu segundo fator.',
  'reason.password_expired.title': 'Sua senha expirou',
  'reason.password_expired.text':
    'Sua senha expirou ou precisa ser alterada. Entre novamente para definir uma nova.',
  'reason.account_disabled.title': 'Sua conta não pode ser usada',
  'reason.account_disabled.text':
    'Sua conta está desabilitada ou não existe nesta organização. Um administrador da sua organização pode ajudar.',
  'reason.device_not_compliant.title': 'Este dispositivo não é aceito',
  'reason.device_not_compliant.text':
    'Sua organização só aceita dispositivos que ela gerencia ou que atendem aos requisitos dela. Use um desses dispositivos ou peça ao suporte de TI que configure este.',
  'reason.blocked_by_policy.title': 'Sua organização bloqueia este acesso',
  'reason.blocked_by_policy.text':
    'Uma política da sua organização bloqueia este acesso. Um administrador da sua organização pode explicar o que ela exige.',
  'reason.not_assigned.title': 'Você não está atribuído a este aplicativo',
  'reason.not_assigned.text':
    'Sua conta não está atribuída a este aplicativo. Um administrador da sua organização pode atribuí-la.',
  'reason.claims_challenge.title': 'Sua organização exige outra verificação',
  'reason.claims_challenge.text':
    'Uma política da sua organização exige outra verificação da sua entrada. Entre novamente para concluí-la.',
  'reason.continuous_access_evaluation.title': 'Seu acesso precisa ser confirmado',
  'reason.continuous_access_evaluation.text':
    'A Microsoft não aceita mais o acesso atual, por exemplo porque a sua conta ou a sua rede mudou. Entre novamente.',
  'reason.refresh_token_expired.title': 'Sua entrada expirou',
  'reason.refresh_token_expired.text':
    'Faz tempo que você não usa este aplicativo, ou a sua organização exige uma nova entrada de tempos em tempos. Entre novamente.',
  'reason.refresh_token_revoked.title': 'Sua entrada foi revogada',
  'reason.refresh_token_revoked.text':
    'Sua entrada foi revogada porque a sua senha mudou, ou porque você ou um administrador encerrou as suas sessões. Entre novamente.',
  'reason.sign_in_required.title': 'Entre novamente para continuar',
  'reason.sign_in_required.text': 'A Microsoft exige uma nova entrada.',
  'reason.recent_sign_in_required.title': 'Entre novamente para continuar',
  'reason.recent_sign_in_required.text': 'Isto exige uma entrada recente.',
  'reason.stronger_sign_in_required.title': 'Entre novamente para continuar',
  'reason.stronger_sign_in_required.text': 'Para isto, sua organização exige uma autenticação mais forte.',

  'problem.request_invalid.title': 'Solicitação inválida',
  'problem.request_invalid.text': 'O endereço ou o formulário tem um valor que este serviço não aceita.',
  'problem.login_transaction_invalid.title': 'Não é possível concluir esta entrada',
  'problem.login_transaction_invalid.text':
    'Esta entrada foi iniciada em outro navegador, demorou demais, já foi concluída ou recebeu uma resposta inválida. Comece de novo.',
  'problem.session_required.title': 'É preciso entrar',
  'problem.session_required.text': 'Entre para continuar.',
  'problem.interaction_required.title': 'Ação necessária',
  'problem.interaction_required.text': 'Entre novamente para continuar.',
  'problem.authorization_denied.title': 'Entrada negada',
  'problem.authorization_denied.text': 'Você não foi conectado. Tente novamente.',
  'problem.consent_declined.title': 'Permissão recusada',
  'problem.consent_declined.text':
    'As permissões para este recurso foram recusadas. Você pode continuar sem o recurso ou tentar novamente.',
  'problem.admin_consent_required.title': 'Aprovação do administrador necessária',
  'problem.admin_consent_required.text':
    'Um administrador da sua organização precisa conceder as permissões para este recurso.',
  'problem.claim_required.title': 'Você não tem acesso',
  'problem.claim_required.text': 'Sua conta não pode abrir isto.',
  'problem.directory_role_required.title': 'Suas funções no Microsoft Entra ID não permitem isto',
  'problem.directory_role_required.text': 'Suas funções na organização não são suficientes para isto.',
  'problem.cross_site_request.title': 'Solicitação de outro site bloqueada',
  'problem.cross_site_request.text': 'A solicitação veio de outro site e não foi executada.',
  'problem.path_not_allowed.title': 'As regras do aplicativo não permitem esta chamada',
  'problem.path_not_allowed.text': 'Este aplicativo não permite esta solicitação.',
  'problem.not_found.title': 'Página não encontrada',
  'problem.not_found.text': 'Verifique o endereço.',
  'problem.method_not_allowed.title': 'Método não permitido',
  'problem.method_not_allowed.text': 'Este endereço não aceita este tipo de solicitação.',
  'problem.session_changed.title': 'Este navegador tem agora outra sessão',
  'problem.session_changed.text':
    'Esta página pertence a uma sessão diferente da sessão atual do navegador. Nada foi feito.',
  'problem.length_required.title': 'Content-Length ausente',
  'problem.length_required.text': 'A solicitação não informa o tamanho do seu conteúdo.',
  'problem.body_too_large.title': 'O conteúdo da solicitação é grande demais',
  'problem.body_too_large.text': 'A solicitação contém mais dados do que o permitido.',
  'problem.content_type_not_allowed.title': 'As regras do aplicativo não permitem este tipo de conteúdo',
  'problem.content_type_not_allowed.text': 'Este aplicativo não permite aqui conteúdo deste tipo.',
  'problem.content_encoding_not_allowed.title': 'Envie o conteúdo sem compactação',
  'problem.content_encoding_not_allowed.text': 'O conteúdo precisa ser enviado sem compactação.',
  'problem.rate_limited.title': 'Solicitações demais',
  'problem.rate_limited.text':
    'Vieram solicitações demais deste navegador ou desta rede em pouco tempo. Espere um momento.',
  'problem.internal_error.title': 'Algo deu errado',
  'problem.internal_error.text':
    'O serviço não conseguiu concluir a solicitação. Tente novamente mais tarde.',
  'problem.upstream_unreachable.title': 'Não foi possível acessar a API',
  'problem.upstream_unreachable.text':
    'Não foi possível acessar o serviço por trás deste aplicativo. Tente novamente mais tarde.',
  'problem.upstream_answer_refused.title': 'A resposta da API foi rejeitada',
  'problem.upstream_answer_refused.text':
    'O serviço por trás deste aplicativo enviou uma resposta que não pode ser usada.',
  'problem.configuration_invalid.title': 'Este serviço não está configurado corretamente',
  'problem.configuration_invalid.text':
    'Uma configuração está ausente ou incorreta. O log do serviço informa qual.',
  'problem.registration_invalid.title': 'Este aplicativo não está configurado corretamente',
  'problem.registration_invalid.text': 'Um administrador deste aplicativo precisa corrigir a configuração.',
  'problem.sign_in_service_unavailable.title': 'O serviço de entrada está indisponível',
  'problem.sign_in_service_unavailable.text':
    'A Microsoft ou este serviço não conseguiu concluir a entrada. Nada mudou. Tente novamente em instantes.',
  'problem.storage_unavailable.title': 'O armazenamento de sessões está indisponível',
  'problem.storage_unavailable.text':
    'O armazenamento de sessões não respondeu como esperado. Nenhum dado foi perdido e ninguém foi desconectado.',
  'problem.upstream_unavailable.title': 'A API está indisponível',
  'problem.upstream_unavailable.text':
    'O serviço por trás deste aplicativo está indisponível no momento. Tente novamente mais tarde.',
  'problem.upstream_timeout.title': 'A API demorou demais para responder',
  'problem.upstream_timeout.text':
    'O serviço por trás deste aplicativo não respondeu a tempo. Tente novamente mais tarde.',
};

export const portuguese = (): Catalogue => texts;
