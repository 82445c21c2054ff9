import Bytes

/// The names of numerics: RFC 2812 section 5, and what servers and IRCv3 added.
public enum Numeric {
  /// Nil: it has none. Ends in NUL.
  public static func name(_ number: Int) -> StaticString? {
    switch number / 100 {
    case 0: return name0(number)
    case 2: return name2(number)
    case 3: return name3(number)
    case 4: return name4(number)
    case 5: return name5(number)
    case 6: return name6(number)
    case 7: return name7(number)
    case 9: return name9(number)
    default: return nil
    }
  }

  private static func name0(_ number: Int) -> StaticString? {
    switch number {
    case 1: return "RPL_WELCOME"
    case 2: return "RPL_YOURHOST"
    case 3: return "RPL_CREATED"
    case 4: return "RPL_MYINFO"
    case 5: return "RPL_ISUPPORT"
    case 6: return "RPL_MAP"
    case 7: return "RPL_MAPEND"
    case 10: return "RPL_BOUNCE"
    case 42: return "RPL_YOURID"
    default: return nil
    }
  }

  private static func name2(_ number: Int) -> StaticString? {
    switch number {
    case 200: return "RPL_TRACELINK"
    case 201: return "RPL_TRACECONNECTING"
    case 202: return "RPL_TRACEHANDSHAKE"
    case 203: return "RPL_TRACEUNKNOWN"
    case 204: return "RPL_TRACEOPERATOR"
    case 205: return "RPL_TRACEUSER"
    case 206: return "RPL_TRACESERVER"
    case 207: return "RPL_TRACESERVICE"
    case 208: return "RPL_TRACENEWTYPE"
    case 209: return "RPL_TRACECLASS"
    case 210: return "RPL_TRACERECONNECT"
    case 211: return "RPL_STATSLINKINFO"
    case 212: return "RPL_STATSCOMMANDS"
    case 219: return "RPL_ENDOFSTATS"
    case 221: return "RPL_UMODEIS"
    case 234: return "RPL_SERVLIST"
    case 235: return "RPL_SERVLISTEND"
    case 242: return "RPL_STATSUPTIME"
    case 243: return "RPL_STATSOLINE"
    case 251: return "RPL_LUSERCLIENT"
    case 252: return "RPL_LUSEROP"
    case 253: return "RPL_LUSERUNKNOWN"
    case 254: return "RPL_LUSERCHANNELS"
    case 255: return "RPL_LUSERME"
    case 256: return "RPL_ADMINME"
    case 257: return "RPL_ADMINLOC1"
    case 258: return "RPL_ADMINLOC2"
    case 259: return "RPL_ADMINEMAIL"
    case 261: return "RPL_TRACELOG"
    case 262: return "RPL_TRACEEND"
    case 263: return "RPL_TRYAGAIN"
    case 265: return "RPL_LOCALUSERS"
    case 266: return "RPL_GLOBALUSERS"
    case 276: return "RPL_WHOISCERTFP"
    default: return nil
    }
  }

  private static func name3(_ number: Int) -> StaticString? {
    switch number {
    case 301: return "RPL_AWAY"
    case 302: return "RPL_USERHOST"
    case 303: return "RPL_ISON"
    case 305: return "RPL_UNAWAY"
    case 306: return "RPL_NOWAWAY"
    case 307: return "RPL_WHOISREGNICK"
    case 311: return "RPL_WHOISUSER"
    case 312: return "RPL_WHOISSERVER"
    case 313: return "RPL_WHOISOPERATOR"
    case 314: return "RPL_WHOWASUSER"
    case 315: return "RPL_ENDOFWHO"
    case 317: return "RPL_WHOISIDLE"
    case 318: return "RPL_ENDOFWHOIS"
    case 319: return "RPL_WHOISCHANNELS"
    case 320: return "RPL_WHOISSPECIAL"
    case 321: return "RPL_LISTSTART"
    case 322: return "RPL_LIST"
    case 323: return "RPL_LISTEND"
    case 324: return "RPL_CHANNELMODEIS"
    case 325: return "RPL_UNIQOPIS"
    case 328: return "RPL_CHANNEL_URL"
    case 329: return "RPL_CREATIONTIME"
    case 330: return "RPL_WHOISACCOUNT"
    case 331: return "RPL_NOTOPIC"
    case 332: return "RPL_TOPIC"
    case 333: return "RPL_TOPICWHOTIME"
    case 335: return "RPL_WHOISBOT"
    case 338: return "RPL_WHOISACTUALLY"
    case 341: return "RPL_INVITING"
    case 342: return "RPL_SUMMONING"
    case 346: return "RPL_INVITELIST"
    case 347: return "RPL_ENDOFINVITELIST"
    case 348: return "RPL_EXCEPTLIST"
    case 349: return "RPL_ENDOFEXCEPTLIST"
    case 351: return "RPL_VERSION"
    case 352: return "RPL_WHOREPLY"
    case 353: return "RPL_NAMREPLY"
    case 354: return "RPL_WHOSPCRPL"
    case 364: return "RPL_LINKS"
    case 365: return "RPL_ENDOFLINKS"
    case 366: return "RPL_ENDOFNAMES"
    case 367: return "RPL_BANLIST"
    case 368: return "RPL_ENDOFBANLIST"
    case 369: return "RPL_ENDOFWHOWAS"
    case 371: return "RPL_INFO"
    case 372: return "RPL_MOTD"
    case 374: return "RPL_ENDOFINFO"
    case 375: return "RPL_MOTDSTART"
    case 376: return "RPL_ENDOFMOTD"
    case 378: return "RPL_WHOISHOST"
    case 379: return "RPL_WHOISMODES"
    case 381: return "RPL_YOUREOPER"
    case 382: return "RPL_REHASHING"
    case 383: return "RPL_YOURESERVICE"
    case 391: return "RPL_TIME"
    case 392: return "RPL_USERSSTART"
    case 393: return "RPL_USERS"
    case 394: return "RPL_ENDOFUSERS"
    case 395: return "RPL_NOUSERS"
    case 396: return "RPL_VISIBLEHOST"
    default: return nil
    }
  }

  private static func name4(_ number: Int) -> StaticString? {
    switch number {
    case 400: return "ERR_UNKNOWNERROR"
    case 401: return "ERR_NOSUCHNICK"
    case 402: return "ERR_NOSUCHSERVER"
    case 403: return "ERR_NOSUCHCHANNEL"
    case 404: return "ERR_CANNOTSENDTOCHAN"
    case 405: return "ERR_TOOMANYCHANNELS"
    case 406: return "ERR_WASNOSUCHNICK"
    case 407: return "ERR_TOOMANYTARGETS"
    case 408: return "ERR_NOSUCHSERVICE"
    case 409: return "ERR_NOORIGIN"
    case 410: return "ERR_INVALIDCAPCMD"
    case 411: return "ERR_NORECIPIENT"
    case 412: return "ERR_NOTEXTTOSEND"
    case 413: return "ERR_NOTOPLEVEL"
    case 414: return "ERR_WILDTOPLEVEL"
    case 415: return "ERR_BADMASK"
    case 416: return "ERR_TOOMANYMATCHES"
    case 417: return "ERR_INPUTTOOLONG"
    case 421: return "ERR_UNKNOWNCOMMAND"
    case 422: return "ERR_NOMOTD"
    case 423: return "ERR_NOADMININFO"
    case 424: return "ERR_FILEERROR"
    case 431: return "ERR_NONICKNAMEGIVEN"
    case 432: return "ERR_ERRONEUSNICKNAME"
    case 433: return "ERR_NICKNAMEINUSE"
    case 435: return "ERR_BANONCHAN"
    case 436: return "ERR_NICKCOLLISION"
    case 437: return "ERR_UNAVAILRESOURCE"
    case 441: return "ERR_USERNOTINCHANNEL"
    case 442: return "ERR_NOTONCHANNEL"
    case 443: return "ERR_USERONCHANNEL"
    case 444: return "ERR_NOLOGIN"
    case 445: return "ERR_SUMMONDISABLED"
    case 446: return "ERR_USERSDISABLED"
    case 449: return "ERR_NOTIMPLEMENTED"
    case 451: return "ERR_NOTREGISTERED"
    case 461: return "ERR_NEEDMOREPARAMS"
    case 462: return "ERR_ALREADYREGISTRED"
    case 463: return "ERR_NOPERMFORHOST"
    case 464: return "ERR_PASSWDMISMATCH"
    case 465: return "ERR_YOUREBANNEDCREEP"
    case 466: return "ERR_YOUWILLBEBANNED"
    case 467: return "ERR_KEYSET"
    case 470: return "ERR_LINKCHANNEL"
    case 471: return "ERR_CHANNELISFULL"
    case 472: return "ERR_UNKNOWNMODE"
    case 473: return "ERR_INVITEONLYCHAN"
    case 474: return "ERR_BANNEDFROMCHAN"
    case 475: return "ERR_BADCHANNELKEY"
    case 476: return "ERR_BADCHANMASK"
    case 477: return "ERR_NOCHANMODES"
    case 478: return "ERR_BANLISTFULL"
    case 480: return "ERR_THROTTLE"
    case 481: return "ERR_NOPRIVILEGES"
    case 482: return "ERR_CHANOPRIVSNEEDED"
    case 483: return "ERR_CANTKILLSERVER"
    case 484: return "ERR_RESTRICTED"
    case 485: return "ERR_UNIQOPPRIVSNEEDED"
    case 489: return "ERR_SECUREONLYCHAN"
    case 491: return "ERR_NOOPERHOST"
    case 492: return "ERR_NOSERVICEHOST"
    default: return nil
    }
  }

  private static func name5(_ number: Int) -> StaticString? {
    switch number {
    case 501: return "ERR_UMODEUNKNOWNFLAG"
    case 502: return "ERR_USERSDONTMATCH"
    case 520: return "ERR_OPERONLY"
    case 524: return "ERR_HELPNOTFOUND"
    case 525: return "ERR_INVALIDKEY"
    case 573: return "ERR_CANNOTSENDRP"
    default: return nil
    }
  }

  private static func name6(_ number: Int) -> StaticString? {
    switch number {
    case 670: return "RPL_STARTTLS"
    case 671: return "RPL_WHOISSECURE"
    case 691: return "ERR_STARTTLS"
    case 696: return "ERR_INVALIDMODEPARAM"
    default: return nil
    }
  }

  private static func name7(_ number: Int) -> StaticString? {
    switch number {
    case 704: return "RPL_HELPSTART"
    case 705: return "RPL_HELPTXT"
    case 706: return "RPL_ENDOFHELP"
    case 723: return "ERR_NOPRIVS"
    case 728: return "RPL_QUIETLIST"
    case 729: return "RPL_ENDOFQUIETLIST"
    case 730: return "RPL_MONONLINE"
    case 731: return "RPL_MONOFFLINE"
    case 732: return "RPL_MONLIST"
    case 733: return "RPL_ENDOFMONLIST"
    case 734: return "ERR_MONLISTFULL"
    case 761: return "RPL_KEYVALUE"
    case 762: return "RPL_METADATAEND"
    case 766: return "ERR_NOMATCHINGKEY"
    default: return nil
    }
  }

  private static func name9(_ number: Int) -> StaticString? {
    switch number {
    case 900: return "RPL_LOGGEDIN"
    case 901: return "RPL_LOGGEDOUT"
    case 902: return "ERR_NICKLOCKED"
    case 903: return "RPL_SASLSUCCESS"
    case 904: return "ERR_SASLFAIL"
    case 905: return "ERR_SASLTOOLONG"
    case 906: return "ERR_SASLABORTED"
    case 907: return "ERR_SASLALREADY"
    case 908: return "RPL_SASLMECHS"
    default: return nil
    }
  }

  /// The number of a name, or 0; of those that share one, the lowest.
  public static func number(_ name: RawSpan) -> Int {
    for number in 1...999 {
      if let known = Numeric.name(number), name.isEqual(known) { return number }
    }
    return 0
  }
}
