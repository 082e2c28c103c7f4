using System.IO.Hashing;
using System.Text;

namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>Holds out about one in twenty combinations of style and base emoji, with all their skin tones.</summary>
/// <remarks>
/// The same emoji in the other styles usually stays in the training part, so the test part asks for known things in
/// combinations that were never shown.
/// </remarks>
internal static class TrainTestSplit
{
    private const string Salt = "emoji64";
    private const int OneIn = 20;

    /// <summary>"test" when the XxHash64 (seed 0) of "emoji64|style|name" in UTF-8 is divisible by 20, else "train".</summary>
    public static string Choose(EmojiStyle style, Emoji emoji)
    {
        var hash = XxHash64.HashToUInt64(Encoding.UTF8.GetBytes($"{Salt}|{style.Id}|{emoji.Name}"));
        return hash % OneIn == 0 ? "test" : "train";
    }
}
