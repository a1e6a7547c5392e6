package notify

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// form is how a kind of webhook wants messages and answers.
type form struct {
	request func(h Hook, m Message, now time.Time) (*http.Request, error)
	// accepted reads the answer to a request that was taken by HTTP: chat tools answer 200 and say in the body that
	// they refused.
	accepted func(body []byte) error
}

var forms = map[string]form{
	JSON:     {jsonRequest, func([]byte) error { return nil }},
	Feishu:   {feishuRequest, feishuAccepted},
	DingTalk: {dingTalkRequest, errcodeAccepted},
	WeCom:    {weComRequest, errcodeAccepted},
}

// Limits of texts, in bytes. Feishu takes 20 kB a request, DingTalk about as much, WeCom 2,048 bytes of text.
const (
	longText  = 8000
	weComText = 2048
)

// jsonRequest posts the message as it is. With a secret two headers are added, so that the receiver can tell who sent it
// and that it is no repetition:
//
//	X-Windvane-Timestamp: Unix seconds
//	X-Windvane-Signature: sha256=<hex of HMAC-SHA256(secret, timestamp + "." + body)>
func jsonRequest(h Hook, m Message, now time.Time) (*http.Request, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	r, err := post(string(h.URL), body)
	if err == nil && h.Secret != "" {
		at := strconv.FormatInt(now.Unix(), 10)
		r.Header.Set("X-Windvane-Timestamp", at)
		r.Header.Set("X-Windvane-Signature", "sha256="+hex.EncodeToString(mac([]byte(h.Secret), at+"."+string(body))))
	}
	return r, err
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// feishuRequest signs in the body: the key of the HMAC is timestamp, line feed, secret, and the text that is signed is
// empty; the timestamp is in seconds and may be an hour old.
//
// Source: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
func feishuRequest(h Hook, m Message, now time.Time) (*http.Request, error) {
	body := map[string]any{"msg_type": "text", "content": map[string]string{"text": m.Text(longText)}}
	if h.Secret != "" {
		at := strconv.FormatInt(now.Unix(), 10)
		body["timestamp"], body["sign"] = at, base64.StdEncoding.EncodeToString(mac([]byte(at+"\n"+string(h.Secret)), ""))
	}
	return postValue(string(h.URL), body)
}

// dingTalkRequest signs in the address: the secret is the key of the HMAC, timestamp, line feed, secret is the text; the
// timestamp is in milliseconds and may be an hour old.
//
// Source: https://open.dingtalk.com/document/robots/customize-robot-security-settings
func dingTalkRequest(h Hook, m Message, now time.Time) (*http.Request, error) {
	u, err := url.Parse(string(h.URL))
	if err != nil {
		return nil, fmt.Errorf("its address is no URL")
	}
	if h.Secret != "" {
		at := strconv.FormatInt(now.UnixMilli(), 10)
		q := u.Query()
		q.Set("timestamp", at)
		q.Set("sign", base64.StdEncoding.EncodeToString(mac([]byte(h.Secret), at+"\n"+string(h.Secret))))
		u.RawQuery = q.Encode()
	}
	return postValue(u.String(), map[string]any{"msgtype": "text", "text": map[string]string{"content": m.Text(longText)}})
}

// weComRequest signs nothing: the key is a part of the address.
//
// Source: https://developer.work.weixin.qq.com/document/path/91770
func weComRequest(h Hook, m Message, _ time.Time) (*http.Request, error) {
	return postValue(string(h.URL), map[string]any{"msgtype": "text", "text": map[string]string{"content": m.Text(weComText)}})
}

func postValue(address string, v any) (*http.Request, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return post(address, body)
}

// busyCodes say that too much was sent: Feishu 9499 and 11232, DingTalk 130101 and 410100, WeCom 45009; -1 is a busy
// system in DingTalk and WeCom.
var busyCodes = []int{-1, 9499, 11232, 45009, 130101, 410100}

// answered is nil for code 0. Other codes are final, but for those that say to come again later.
func answered(code *int, text string) error {
	switch {
	case code == nil:
		return fmt.Errorf("it answered 200, but not as this kind of webhook does")
	case *code == 0:
		return nil
	}
	err := fmt.Errorf("it answered 200 with code %d: %s", *code, shortened(text, 200))
	if slices.Contains(busyCodes, *code) {
		return err
	}
	return refusal{err}
}

func feishuAccepted(body []byte) error {
	var a struct {
		Code          *int   `json:"code"`
		Msg           string `json:"msg"`
		StatusCode    *int   `json:"StatusCode"` // of the older form
		StatusMessage string `json:"StatusMessage"`
	}
	_ = json.Unmarshal(body, &a) // what is no JSON has no code
	return answered(cmp.Or(a.Code, a.StatusCode), cmp.Or(a.Msg, a.StatusMessage))
}

func errcodeAccepted(body []byte) error {
	var a struct {
		Code *int   `json:"errcode"`
		Msg  string `json:"errmsg"`
	}
	_ = json.Unmarshal(body, &a) // what is no JSON has no code
	return answered(a.Code, a.Msg)
}
