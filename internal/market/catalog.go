package market

import "strconv"

// Categories: 12 of level 1, each with 5 of level 2, each with 4 of level 3. An identifier tells its
// parents: 3 digits for level 1, 5 for level 2, 7 for level 3.
var categoryNames = [...]string{
	"女装", "男装", "美妆", "个护", "食品", "生鲜", "家居", "家电", "数码", "运动", "母婴", "珠宝",
}

const (
	categories1 = len(categoryNames)
	categories2 = 5 // per level 1
	categories3 = 4 // per level 2
)

func category1ID(c1 int) int64         { return 101 + int64(c1) }
func category2ID(c1, c2 int) int64     { return category1ID(c1)*100 + int64(c2) + 1 }
func category3ID(c1, c2, c3 int) int64 { return category2ID(c1, c2)*100 + int64(c3) + 1 }

// Titles are made of a quality and a thing; they need not be unique.
var (
	titleQualities = [...]string{"经典", "新款", "轻奢", "原产地", "大容量", "家用", "便携", "升级版", "限定", "旗舰", "国风", "简约", "加厚", "有机", "专业", "夏季"}
	titleThings    = [categories1][4]string{
		{"连衣裙", "针织衫", "半身裙", "风衣"}, {"衬衫", "夹克", "休闲裤", "T恤"}, {"口红", "粉底液", "面膜", "精华"},
		{"洗发水", "牙膏", "沐浴露", "纸巾"}, {"坚果", "螺蛳粉", "茶叶", "饼干"}, {"苹果", "牛肉", "大虾", "鸡蛋"},
		{"床品", "收纳箱", "锅具", "台灯"}, {"吸尘器", "电饭煲", "风扇", "净水器"}, {"耳机", "手机", "充电宝", "键盘"},
		{"跑鞋", "瑜伽垫", "运动裤", "背包"}, {"奶粉", "纸尿裤", "童装", "玩具"}, {"项链", "玉镯", "戒指", "手串"},
	}
	shopWords = [...]string{"旗舰店", "专营店", "源头工厂", "优选", "严选", "小铺", "百货", "名品"}
	nameWords = [...]string{"青禾", "云上", "南山", "星河", "小满", "长风", "白鹿", "海蓝", "木子", "锦绣", "一品", "禾谷", "晨曦", "北岸", "山野", "知味"}
)

func title(c1, variant int) string {
	return titleQualities[variant%len(titleQualities)] + titleThings[c1][variant/len(titleQualities)%4]
}

const titlesPerCategory = len(titleQualities) * 4

func shopName(i int) string {
	return nameWords[i%len(nameWords)] + shopWords[i/len(nameWords)%len(shopWords)] + strconv.Itoa(i+1)
}

func accountName(i int, own bool) string {
	if own {
		return shopName(i) + "直播间"
	}
	return "达人" + nameWords[i*7%len(nameWords)] + strconv.Itoa(i+1)
}
