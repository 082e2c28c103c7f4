using System.Text.Json;
using System.Text.Json.Nodes;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Text;

namespace LatentDiffusion.Models.Diffusers;

/// <summary>The files of a tokenizer in a folder of diffusers.</summary>
internal static class TokenizerFiles
{
    private const int Length = 77;

    public static void Write(string folder, ITokenizer tokenizer)
    {
        if (tokenizer is ClipTokenizer)
        {
            WriteClip(folder, tokenizer.Vocabulary);
        }
        else
        {
            WriteWordPiece(folder, tokenizer.Vocabulary);
        }
    }

    private static void WriteWordPiece(string folder, string vocabulary)
    {
        AtomicFile.WriteText(Path.Combine(folder, "vocab.txt"), vocabulary);
        Write(
            folder,
            new JsonObject
            {
                ["tokenizer_class"] = "BertTokenizer",
                ["do_lower_case"] = true,
                ["strip_accents"] = null,
                ["model_max_length"] = Length,
            },
            new JsonObject
            {
                ["unk_token"] = "[UNK]",
                ["sep_token"] = "[SEP]",
                ["pad_token"] = "[PAD]",
                ["cls_token"] = "[CLS]",
                ["mask_token"] = "[MASK]",
            }
        );
    }

    private static void WriteClip(string folder, string vocabulary)
    {
        var contents = JsonNode.Parse(vocabulary)!;
        AtomicFile.WriteText(Path.Combine(folder, "vocab.json"), contents["vocab"]!.ToJsonString());
        var merges = contents["merges"]!.Deserialize<string[]>()!;
        AtomicFile.WriteText(Path.Combine(folder, "merges.txt"), "#version: 0.2\n" + string.Join('\n', merges) + "\n");
        Write(
            folder,
            new JsonObject
            {
                ["tokenizer_class"] = "CLIPTokenizer",
                ["do_lower_case"] = true,
                ["model_max_length"] = Length,
            },
            new JsonObject
            {
                ["bos_token"] = "<|startoftext|>",
                ["eos_token"] = "<|endoftext|>",
                ["unk_token"] = "<|endoftext|>",
                ["pad_token"] = "<|endoftext|>",
            }
        );
    }

    private static void Write(string folder, JsonObject config, JsonObject special)
    {
        AtomicFile.WriteText(Path.Combine(folder, "tokenizer_config.json"), config.ToJsonString());
        AtomicFile.WriteText(Path.Combine(folder, "special_tokens_map.json"), special.ToJsonString());
    }
}
